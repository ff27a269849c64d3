package homework

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"descent.example/internal/grade"
	"descent.example/internal/mutant"
	"descent.example/pkg/assignment"
)

const (
	// mustCatch is the part of the mutants that change behavior which a task's checks must find.
	mustCatch = 0.95
	// leastWrong and leastRight are how many solutions of each kind a task is tried on.
	leastWrong, leastRight = 3, 2
	// secrets is under how many seeds each of them is tried: its points must not depend on what a secret happens to draw.
	secrets = 30
)

// Each check lets right solutions pass and finds wrong ones, those of testdata and the mutants of the solution.
func TestChecks(t *testing.T) {
	sources, err := filepath.Glob("../../notebooks/assignments/*.ipynb")
	require.NoError(t, err)
	require.NotEmpty(t, sources)
	for _, source := range sources {
		t.Run(assignment.NameOf(source), func(t *testing.T) {
			t.Parallel()
			a, _, err := assignment.Read(source)
			require.NoError(t, err)
			var variants []assignment.Variant
			for _, task := range a.Tasks {
				variants = append(variants, variantsOf(t, a.Name, task)...)
			}
			trials, err := grade.Try(t.Context(), "../..", a, variants)
			require.NoError(t, err)
			for _, task := range a.Tasks {
				t.Run(task.ID, func(t *testing.T) {
					var own []grade.Trial
					for _, trial := range trials {
						if trial.Task == task.ID {
							own = append(own, trial)
						}
					}
					checkTask(t, own, equivalents(t, a.Name, task.ID))
				})
			}
		})
	}
}

// variantsOf are the solutions on which a task's check is tried.
func variantsOf(t *testing.T, name string, task assignment.Task) []assignment.Variant {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("testdata", name, task.ID, "*.go"))
	require.NoError(t, err)
	var all []assignment.Variant
	for _, path := range paths {
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		_, declared, _ := strings.Cut(string(text), "\n") // its first line is the package clause
		all = append(all, assignment.Variant{Task: task.ID, Name: filepath.Base(path), Code: declared, Seeds: secrets})
	}
	solved, err := assignment.Solved(task.Solution)
	require.NoError(t, err)
	declared, _ := assignment.Split(solved)
	all = append(all, assignment.Variant{Task: task.ID, Name: "right-solution", Code: declared, Seeds: secrets})
	mutants, err := mutant.Of(declared)
	require.NoError(t, err)
	for _, m := range mutants {
		all = append(all, assignment.Variant{Task: task.ID, Name: m.Says, Code: m.Code})
	}
	return all
}

var (
	mustFail  = regexp.MustCompile(`(?m)^// fails: (.*)$`)
	mostEarns = regexp.MustCompile(`(?m)^// earns at most: (.*)$`)
)

// checkTask looks at what became of a task's variants.
func checkTask(t *testing.T, trials []grade.Trial, equivalent map[string]bool) {
	var survivors []string
	wrong, right, mutants := 0, 0, 0
	for _, trial := range trials {
		switch {
		case strings.HasPrefix(trial.Name, "right-"):
			right++
			require.True(t, trial.Passes(), "%s fails: %s", trial.Name, tell(trial))
		case strings.HasPrefix(trial.Name, "wrong-"):
			wrong++
			require.Empty(t, trial.Wrong, "%s does not compile", trial.Name)
			require.False(t, trial.Passes(), "%s passes", trial.Name)
			requireNoLuck(t, trial)
			for _, part := range mustFail.FindAllStringSubmatch(trial.Code, -1) {
				requireFails(t, trial, part[1])
			}
			for _, most := range mostEarns.FindAllStringSubmatch(trial.Code, -1) {
				limit, err := strconv.ParseFloat(most[1], 64)
				require.NoError(t, err)
				earned, _ := assignment.Sum(trial.Parts)
				require.LessOrEqual(t, earned/secrets, limit, "the points of %s", trial.Name)
			}
		case trial.Wrong != "":
		case equivalent[trial.Name]:
			delete(equivalent, trial.Name)
			require.True(t, trial.Passes(), "the mutant %s is said to be equivalent, and fails: %s", trial.Name, tell(trial))
		default:
			mutants++
			if trial.Passes() {
				survivors = append(survivors, trial.Name)
			}
		}
	}
	require.Empty(t, equivalent, "equivalent.txt names mutants that there are not")
	require.GreaterOrEqual(t, wrong, leastWrong, "wrong solutions")
	require.GreaterOrEqual(t, right-1, leastRight, "right solutions")
	t.Logf("%d of %d mutants are caught", mutants-len(survivors), mutants)
	require.LessOrEqual(t, float64(len(survivors)), (1-mustCatch)*float64(mutants), "these mutants pass:\n%s", strings.Join(survivors, "\n"))
}

// requireFails looks for a failed part.
func requireFails(t *testing.T, trial grade.Trial, part string) {
	t.Helper()
	tried := false
	for _, p := range trial.Parts {
		if p.Name == part {
			tried = true
			require.False(t, p.Right(), "%s passes the part %q", trial.Name, part)
		}
	}
	require.True(t, tried || trial.Ended != "", "%s: there is no part %q", trial.Name, part)
}

// requireNoLuck wants each part to have failed under all seeds or under none.
func requireNoLuck(t *testing.T, trial grade.Trial) {
	t.Helper()
	passed, tried := map[string]int{}, map[string]int{}
	for _, p := range trial.Parts {
		tried[p.Name]++
		if p.Right() {
			passed[p.Name]++
		}
	}
	for name, n := range passed {
		require.Equal(t, tried[name], n, "how often %s passes the part %q: its points depend on the secret", trial.Name, name)
	}
}

// tell says what is wrong with a variant.
func tell(trial grade.Trial) string {
	said := trial.Wrong + trial.Ended
	for _, p := range trial.Parts {
		if !p.Right() {
			said += fmt.Sprintf("\n%s: %s", p.Name, p.Says)
		}
	}
	return said
}

// equivalents are the mutants that do what the solution does, each with a reason.
func equivalents(t *testing.T, name, task string) map[string]bool {
	t.Helper()
	all := map[string]bool{}
	text, err := os.ReadFile(filepath.Join("testdata", name, task, "equivalent.txt"))
	if os.IsNotExist(err) {
		return all
	}
	require.NoError(t, err)
	for line := range strings.Lines(string(text)) {
		if strings.TrimSpace(line) == "" {
			continue
		}
		says, reason, _ := strings.Cut(strings.TrimRight(line, "\n"), "\t")
		require.NotEmpty(t, strings.TrimSpace(reason), "equivalent.txt says no reason for %s", says)
		all[says] = true
	}
	return all
}
