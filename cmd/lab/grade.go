package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"descent.example/cmd/lab/internal/report"
	"descent.example/cmd/lab/internal/setup"
	"descent.example/internal/brief"
	"descent.example/internal/grade"
	"descent.example/internal/plural"
	"descent.example/pkg/assignment"
	"github.com/spf13/cobra"
)

// gradeOptions are the flags of lab assignment grade.
type gradeOptions struct {
	source, output, due, late, times, class string
	byHand, without                         []string
	grace                                   *time.Duration // nil if it is not given
	unsafe                                  bool
}

func assignmentGrade(common *commonOptions) *cobra.Command {
	var opt gradeOptions
	var grace time.Duration
	cmd := &cobra.Command{
		Use:   "grade FOLDER",
		Short: "Grade a folder of submissions",
		Long: "grade grades what is in a folder: a folder for each student with the assignment's notebook, or with a Go file for each task; or a notebook for each\n" +
			"student; or one student's folder, and then what the others have stays. Submissions run apart from everything on this machine. The results go to\n" +
			"FOLDER-grades, with a table (grades.csv), a page (report.html), a list to fill in for what is graded by hand (by-hand.csv), and results.json in\n" +
			"Gradescope's format for each student. Run it again at any time: what has a result and has not changed is not graded again.",
		Example: "  go run ./cmd/lab assignment grade submitted\n" +
			"  go run ./cmd/lab assignment grade submitted --due 2026-11-30T23:59 --late \"10% a day, at most 50%\" --grace 15m\n" +
			"  go run ./cmd/lab assignment grade submitted/ada -o submitted-grades",
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return errors.New("name the folder of the submissions, and no other: lab assignment grade FOLDER")
			}
			home, err := setup.Find(common.work)
			if err != nil {
				return err
			}
			if cmd.Flags().Changed("grace") {
				opt.grace = &grace
			}
			return gradeFolder(cmd.Context(), home, filepath.Clean(args[0]), opt)
		},
	}
	cmd.Flags().StringVar(&opt.source, "source", "", "the assignment's source (default: the one in notebooks/assignments that the submissions are named as)")
	cmd.Flags().StringVarP(&opt.output, "output", "o", "", "folder of the grades (default: FOLDER-grades)")
	cmd.Flags().StringVar(&opt.due, "due", "", "until when nothing is late, as 2026-11-30T23:59: to the end of that minute, or of that day if it is a date alone (remembered)")
	cmd.Flags().StringVar(&opt.late, "late", "", `what it costs, as "10% a day, at most 50%" or none (remembered)`)
	cmd.Flags().DurationVar(&grace, "grace", 0, "how much later is not late yet, as 15m (remembered)")
	cmd.Flags().StringVar(&opt.times, "times", "", "a file of lines student,time: when they handed in; or nbgrader, for its timestamp.txt "+
		"(which a student could write, unless nbgrader collected); or "+noList+". Remembered; without it the files' times count")
	byHandFlag(cmd, &opt.byHand)
	cmd.Flags().StringVar(&opt.class, "class", "", "a file of lines that begin with the name of a student's folder: who of them handed in nothing gets a line with 0 points, and "+
		"students who are not in the file are named; or "+noList+" (remembered)")
	cmd.Flags().StringArrayVar(&opt.without, "without", nil, "take a student out of the table whose submission is not there any more; may be given several times (remembered)")
	cmd.Flags().BoolVar(&opt.unsafe, "unsafe", false, "run tasks that need this machine without a sandbox where there is none")
	return cmd
}

func byHandFlag(cmd *cobra.Command, files *[]string) {
	cmd.Flags().StringArrayVar(files, "by-hand", nil, "a file of lines student,item,points,comment, added to by-hand.csv in the folder of the grades; may be given several times")
}

// gradeFolder grades a folder and says how it goes.
func gradeFolder(ctx context.Context, home setup.Home, folder string, opt gradeOptions) error {
	output, err := gradesFor(folder, opt.output)
	if err != nil {
		return err
	}
	opt.output = output
	graded := grade.AssignmentOf(output)
	source, err := sourceFor(home, folder, opt.source, graded)
	if err != nil {
		return err
	}
	a, _, err := assignment.Read(source)
	if err != nil {
		return err
	}
	if graded == "" { // make no folder for what holds no submission
		if _, _, err := grade.Submissions(a, folder); err != nil {
			return err
		}
	}
	book, err := grade.OpenBook(opt.output, a)
	if err != nil {
		return err
	}
	defer book.Close()
	submissions, others, err := book.Submissions(folder)
	if err != nil {
		return err
	}
	if alone := submissions[0]; alone.Alone {
		fmt.Printf("  %s is what one student handed in, %s: what others have in %s stays; if it is a class's, give it other grades with --output\n", folder, alone.Student, book.Folder)
	} else if err := book.SetFolder(folder, others); err != nil {
		return err
	}
	if err := remember(book, opt); err != nil {
		return err
	}
	given, err := book.ReadByHand(submissions, opt.byHand...)
	if err != nil {
		return err
	}
	if err := book.TakeOut(opt.without, submissions); err != nil {
		return err
	}
	if err := gradeAll(ctx, home, book, submissions, opt.unsafe); err != nil {
		return err
	}
	published, err := book.Publish(given)
	if err != nil {
		return err
	}
	tell(book, published)
	tellTimes(book, submissions, published)
	if len(others) > 0 && !submissions[0].Alone {
		fmt.Printf("  not looked at, because they are no submissions: %s\n", strings.Join(others, ", "))
	}
	return ungraded(published)
}

// tellTimes says which times count that may not be meant.
func tellTimes(book *grade.Book, submissions []grade.Submission, published grade.Published) {
	stamped := 0
	for _, s := range submissions {
		if s.Stamped() {
			stamped++
		}
	}
	if stamped > 0 && !book.Stamps {
		fmt.Printf("  %s with a timestamp.txt, which does not count: if nbgrader collected, give --times %s\n", plural.Of(stamped, "submission"), stampsOfNBGrader)
	}
	if names := book.Unknown(submissions); len(names) > 0 {
		fmt.Printf("  nobody handed in under these names of --times: %s\n", strings.Join(names, ", "))
	}
	if names := book.Unlisted(submissions); len(names) > 0 {
		fmt.Printf("  --times says nothing of %s, so the times of their files count: %s\n", plural.Of(len(names), "student"), strings.Join(names, ", "))
	}
	var since []string
	for _, s := range published.Standings {
		if book.Since(s) {
			since = append(since, s.Student)
		}
	}
	if len(since) > 0 {
		fmt.Printf("  handed in again since the list of --times was given, whose times count: %s\n", strings.Join(since, ", "))
	}
}

// ungraded is the error that some submissions could not be graded.
func ungraded(p grade.Published) error {
	n := 0
	for _, s := range p.Standings {
		if s.Failed != "" {
			n++
		}
	}
	if n == 0 {
		return nil
	}
	return fmt.Errorf("%s could not be graded: do what the report says, and grade again", plural.Of(n, "submission"))
}

// gradesFor is the folder of the grades, which does not lie among the submissions.
func gradesFor(folder, output string) (string, error) {
	submitted, err := filepath.Abs(folder)
	if err != nil {
		return "", err
	}
	if output == "" {
		if output = folder + "-grades"; filepath.Base(folder) == "." || filepath.Base(folder) == ".." {
			output = submitted + "-grades"
		}
	}
	grades, err := filepath.Abs(output)
	if inside, wrong := filepath.Rel(submitted, grades); wrong == nil && filepath.IsLocal(inside) {
		return "", fmt.Errorf("%s lies in the folder of the submissions, where it would be one of them: name another with --output", output)
	}
	return output, err
}

// stampsOfNBGrader is the list of times that stands for nbgrader's own.
const stampsOfNBGrader = "nbgrader"

// noList stands for the list of --times or --class that is to be forgotten.
const noList = "none"

// remember notes the rule for late submissions, the times of a list and who is in the class, as far as they are given.
func remember(book *grade.Book, opt gradeOptions) error {
	rule, err := book.Rule.Change(opt.due, opt.late, opt.grace)
	if err != nil {
		return err
	}
	var times map[string]time.Time
	if opt.times != "" && opt.times != stampsOfNBGrader && opt.times != noList {
		if times, err = grade.ReadTimes(opt.times); err != nil {
			return err
		}
	}
	var class []string
	if opt.class != "" && opt.class != noList {
		if class, err = grade.ReadClass(opt.class); err != nil {
			return err
		}
	}
	if err = book.SetRule(rule); err == nil && opt.times != "" {
		err = book.SetTimes(times, opt.times == stampsOfNBGrader)
	}
	if err == nil && opt.class != "" {
		err = book.SetClass(class)
	}
	return err
}

// gradeAll grades the submissions, with a line on how far it is.
func gradeAll(ctx context.Context, home setup.Home, book *grade.Book, submissions []grade.Submission, unsafe bool) error {
	scratch, err := grade.NewScratch()
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	g, err := grade.NewGrader(ctx, home.Root, scratch, book.Assignment, book.Seed, unsafe)
	if err != nil {
		return err
	}
	fmt.Println(g.Sandbox.Says())
	out := report.New(os.Stdout)
	name := fmt.Sprintf("%s of %s", plural.Of(len(submissions), "submission"), book.Assignment.Name)
	end := out.Begin(name)
	done, fresh := 0, 0
	err = book.Grade(ctx, g, submissions, func(s grade.Submission, isFresh bool) {
		if done++; isFresh {
			fresh++
		}
		out.Note(name, fmt.Sprintf("%d of %d", done, len(submissions)))
	})
	end(err)
	out.Close()
	if err == nil && fresh < done {
		fmt.Printf("  %d had a result already\n", done-fresh)
	}
	return err
}

// tell says where the pages are and what is left to do by hand.
func tell(book *grade.Book, p grade.Published) {
	open, problems := 0, 0
	for _, s := range p.Standings {
		open += s.Open
		if s.Problem != "" && !s.Missing {
			problems++
		}
	}
	if rule := book.Rule.String(); rule != "" {
		fmt.Printf("  %s\n", rule)
	}
	fmt.Printf("  report: %s\n  table: %s\n", filepath.Join(book.Folder, "report.html"), filepath.Join(book.Folder, "grades.csv"))
	if open > 0 {
		fmt.Printf("  %s to grade by hand: fill in %s\n", plural.Of(open, "answer"), filepath.Join(book.Folder, grade.ByHandFile))
	}
	if problems > 0 {
		fmt.Printf("  %s with something wrong as a whole; the report says what\n", plural.Of(problems, "submission"))
	}
	for _, a := range p.Asides() {
		fmt.Printf("  %s (%s): %s\n", a.Says, plural.Of(len(a.Students), "student"), brief.Of(strings.Join(a.Students, ", "))) // the report has all
	}
	if p.Before > 0 {
		fmt.Printf("  %s of --by-hand had been added before, and %s counts: change the points there\n", plural.Of(p.Before, "line"), grade.ByHandFile)
	}
	for _, name := range p.Kept {
		if strings.HasPrefix(name, strings.TrimSuffix(grade.ByHandFile, ".csv")) {
			fmt.Printf("  what you wrote into the fields of and answer of %s does not count: points for an answer that nobody gave stand in the comment, to be given again; your list stays in %s\n",
				grade.ByHandFile, name)
			continue
		}
		fmt.Printf("  you had changed what was there; that is now %s\n", name)
	}
}

// sourceFor is the source of the assignment that a folder of submissions is of. Most students have a notebook of it; if as many have one of another, or nobody has any, it is the
// assignment that was graded before.
func sourceFor(home setup.Home, folder, given, graded string) (string, error) {
	if given != "" {
		return given, nil
	}
	sources, err := filepath.Glob(filepath.Join(home.Assignments(), "*.ipynb"))
	if err != nil {
		return "", err
	}
	students := map[string][]string{} // by the name of the notebook
	err = filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil && path == folder {
			return err
		} else if err != nil || d.IsDir() {
			return nil
		}
		inside, _ := filepath.Rel(folder, path)
		student, _, _ := strings.Cut(filepath.ToSlash(inside), "/")
		student = grade.Readable(student)
		if has := students[d.Name()]; !slices.Contains(has, student) {
			students[d.Name()] = append(has, student)
		}
		return nil
	})
	if err != nil {
		return "", fmt.Errorf("the submissions cannot be read: %w", err)
	}
	slices.SortStableFunc(sources, func(a, b string) int {
		return len(students[filepath.Base(b)]) - len(students[filepath.Base(a)])
	})
	var names []string
	for _, source := range sources {
		names = append(names, filepath.Base(source))
	}
	if len(sources) == 0 || len(students[names[0]]) == 0 || len(sources) > 1 && len(students[names[0]]) == len(students[names[1]]) {
		if i := slices.Index(names, graded+".ipynb"); i >= 0 && len(students[names[i]]) == len(students[names[0]]) {
			return sources[i], nil
		}
		slices.Sort(names)
		return "", fmt.Errorf("%s does not say which assignment it is of: name the source with --source (there are %s)", folder, strings.Join(names, ", "))
	}
	for _, other := range names[1:] {
		if has := students[other]; len(has) > 0 {
			fmt.Printf("  graded is %s; %s is there as well, of %s\n", names[0], other, strings.Join(has, ", "))
		}
	}
	return sources[0], nil
}

func assignmentFeedback() *cobra.Command {
	var byHand []string
	cmd := &cobra.Command{
		Use:   "feedback FOLDER",
		Short: "Write a page for each student, with points, reasons and hints",
		Long: "feedback reads a folder of grades, with the points in its by-hand.csv, and writes a page for each student into its folder feedback. A page shows\n" +
			"nothing of what hidden checks try. The table and the report are written anew.",
		Example: "  go run ./cmd/lab assignment feedback submitted-grades",
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return errors.New("name the folder of the grades, and no other: lab assignment feedback FOLDER")
			}
			if _, err := os.Stat(args[0]); err != nil {
				return fmt.Errorf("the grades cannot be read: %w", err)
			}
			book, err := grade.OpenBook(args[0], nil)
			if err != nil {
				return err
			}
			defer book.Close()
			given, err := book.ReadByHand(nil, byHand...)
			if err != nil {
				return err
			}
			published, err := book.Publish(given)
			if err != nil {
				return err
			}
			folder, kept, err := book.Feedback(published.Standings)
			if err != nil {
				return err
			}
			fmt.Printf("%s in %s\n", plural.Of(len(published.Standings), "page"), folder)
			if older := book.OlderPages(published); len(older) > 0 {
				fmt.Printf("  %s of who is not in the table any more stay there: %s\n", plural.Of(len(older), "older page"), strings.Join(older, ", "))
			}
			published.Kept = append(published.Kept, kept...)
			tell(book, published)
			return nil
		},
	}
	byHandFlag(cmd, &byHand)
	return cmd
}

// assignmentOne grades one submission with a kit. It is for Gradescope and nbgrader, which ask for one at a time.
func assignmentOne() *cobra.Command {
	var kit, seedFile, output string
	cmd := &cobra.Command{
		Use:    "one SUBMISSION",
		Short:  "Grade one submission with a kit and write results.json",
		Hidden: true,
		Args:   cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			results, failed := grade.One(cmd.Context(), grade.OneOptions{Kit: kit, SeedFile: seedFile, Submission: args[0]})
			text, err := json.MarshalIndent(results, "", " ")
			if err != nil || output == "" {
				os.Stdout.Write(append(text, '\n'))
			} else {
				err = os.WriteFile(output, text, 0o644)
			}
			return errors.Join(failed, err)
		},
	}
	cmd.Flags().StringVar(&kit, "kit", "", "folder that lab assignment export kit made")
	cmd.Flags().StringVar(&seedFile, "seed-file", "", "file with the secret from which the cases are drawn")
	cmd.Flags().StringVarP(&output, "output", "o", "", "file for the results")
	return cmd
}

func assignmentExport(common *commonOptions) *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:   "export gradescope|nbgrader|template|kit|release SOURCE...",
		Short: "Make what Gradescope, nbgrader or a repository for students takes",
		Long: "export gradescope makes the zip of an autograder; nbgrader, the folder of a course with the settings that have the lab grade; template, a repository\n" +
			"for students whose workflow runs lab assignment check at each push; kit, a folder with all that grading one assignment takes; release prints the\n" +
			"notebook that students get.",
		Example: "  go run ./cmd/lab assignment export gradescope notebooks/assignments/0-practice.ipynb -o practice.zip\n" +
			"  go run ./cmd/lab assignment export nbgrader notebooks/assignments/*.ipynb -o course",
		RunE: func(cmd *cobra.Command, args []string) error {
			kinds := map[string]int{"gradescope": 1, "kit": 1, "release": 1, "nbgrader": 1 << 30, "template": 1 << 30} // sources at most
			switch {
			case len(args) == 0 || kinds[args[0]] == 0:
				return errors.New("say what to make: gradescope, nbgrader, template, kit or release, and then the sources")
			case len(args) == 1 || len(args)-1 > kinds[args[0]]:
				return fmt.Errorf("name the source, such as notebooks/assignments/0-practice.ipynb; %s takes %s", args[0],
					map[bool]string{true: "one", false: "one or more"}[kinds[args[0]] == 1])
			case output == "" && args[0] != "release":
				return errors.New("name what to write with --output")
			}
			home, err := setup.Find(common.work)
			if err != nil {
				return err
			}
			if err := export(cmd.Context(), home, args[0], args[1:], output); err != nil || args[0] == "release" {
				return err
			}
			fmt.Printf("written to %s\n", output)
			return nil
		},
	}
	cmd.Flags().StringVarP(&output, "output", "o", "", "the zip, or the folder")
	return cmd
}

func export(ctx context.Context, home setup.Home, kind string, sources []string, output string) error {
	switch kind {
	case "gradescope":
		return grade.ExportGradescope(ctx, home.Root, sources[0], output)
	case "kit":
		return grade.ExportKit(ctx, home.Root, sources[0], output)
	case "template":
		return grade.ExportTemplate(home.Root, sources, output)
	case "nbgrader":
		kept, err := grade.ExportNBGrader(home.Root, []string{"go", "run", "./cmd/lab"}, sources, output)
		for _, name := range kept {
			fmt.Printf("you had changed what was there; that is now %s\n", filepath.Join(output, name))
		}
		return err
	}
	text, err := grade.Released(sources[0])
	if err == nil {
		_, err = os.Stdout.Write(text)
	}
	return err
}
