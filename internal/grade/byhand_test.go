package grade

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"descent.example/pkg/assignment"
	"github.com/stretchr/testify/require"
)

// handBook is a new folder of grades for the practice assignment or, without tasks, for its question alone, with a function that writes the list of points given by hand, adds
// others and returns what the first student then has.
func handBook(t *testing.T, withTasks bool) (book *Book, publish func(own string, others ...string) (Standing, Published)) {
	a, _, err := assignment.Read(root + "/notebooks/assignments/0-practice.ipynb")
	require.NoError(t, err)
	if !withTasks {
		a.Tasks = nil
	}
	book, err = OpenBook(filepath.Join(t.TempDir(), "grades"), a)
	require.NoError(t, err)
	t.Cleanup(book.Close)
	return book, func(own string, others ...string) (Standing, Published) {
		if own != "" {
			require.NoError(t, os.WriteFile(filepath.Join(book.Folder, ByHandFile), []byte(own), 0o644))
		}
		var files []string
		for _, text := range others {
			file := filepath.Join(t.TempDir(), "other.csv")
			require.NoError(t, os.WriteFile(file, []byte(text), 0o644))
			files = append(files, file)
		}
		given, err := book.ReadByHand(nil, files...)
		require.NoError(t, err)
		p, err := book.Publish(given)
		require.NoError(t, err)
		return p.Standings[0], p
	}
}

// What nobody could read has no points, and is to be graded by hand, whether there are tasks or not.
func TestWhatNobodyReadIsOpen(t *testing.T) {
	for name, c := range map[string]struct {
		tasks  bool
		own    string
		failed bool
		open   int
		row    string // in the table
	}{
		"questions alone":         {false, "", true, 1, `"ada","","","","2"`},
		"questions alone by hand": {false, "ada,explain,1.5\n", false, 0, `"ada","1.5","0","1.5","2"`},
		"tasks":                   {true, "", true, 1, `"ada","","","","","","7"`},
		"one task by hand":        {true, "ada,descend,3\n", true, 1, `"ada","","","","","","7"`},
		"tasks by hand":           {true, "ada,descend,3\nada,descent-step,2\n", false, 1, `"ada","2","3","","0","5","7"`},
		"all by hand":             {true, "ada,descend,3\nada,descent-step,2\nada,explain,1\n", false, 0, `"ada","2","3","1","0","6","7"`},
	} {
		t.Run(name, func(t *testing.T) {
			book, publish := handBook(t, c.tasks)
			r := &Graded{Student: "ada", Key: "ada", Failed: "two claim one name"}
			for _, task := range book.Assignment.Tasks {
				r.Tasks = append(r.Tasks, TaskResult{ID: task.ID, Title: task.Title, Of: task.Points})
			}
			require.NoError(t, book.store(r, false))
			for _, own := range []string{c.own, ""} { // the list that is written says the same
				s, _ := publish(own)
				require.Equal(t, c.failed, s.Failed != "")
				require.Equal(t, c.open, s.Open)
				table, err := os.ReadFile(filepath.Join(book.Folder, "grades.csv"))
				require.NoError(t, err)
				require.Contains(t, string(table), c.row)
				list, err := os.ReadFile(filepath.Join(book.Folder, ByHandFile))
				require.NoError(t, err)
				require.Contains(t, string(list), `"ada","explain"`)
			}
		})
	}
}

// A student reads each comment on what is there now, whether there are points beside it or not, and nothing that was written of an earlier answer.
func TestStudentsReadTheCommentsOnThisAnswer(t *testing.T) {
	const earlier = "[1 for an earlier answer: good start (see p. 3)]"
	for name, c := range map[string]struct {
		own, answer string
		want        string
	}{
		"behind the earlier one":      {"ada,explain,2," + earlier + " now it is right\n", "It halves.", "now it is right"},
		"before the earlier one":      {"ada,explain,2,\"now it is right\n" + earlier + "\"\n", "It halves.", "now it is right"},
		"between two":                 {"ada,explain,2," + earlier + " right [see p. 4] [0 for an earlier answer:]\n", "It halves.", "right [see p. 4]"},
		"not graded yet":              {"ada,explain,," + earlier + " come and see me\n", "It halves.", "come and see me"},
		"no answer":                   {"ada,explain,," + earlier + " come and see me\n", "", "come and see me"},
		"written by an older lab":     {"ada,explain,2,\"right\n[1 for an earlier answer] half\nof it\"\n", "It halves.", "right"},
		"the answer has changed":      {"student,item,points,comment,of,answer\nada,explain,1,good start,2,It doubles.\n", "It halves.", ""},
		"a comment alone on a task":   {"ada,descend,,come and see me\n", "", "A whole descent: come and see me"},
		"points of a task":            {"ada,descend,1,short\n", "", "A whole descent: by hand. short"},
		"a comment alone on lateness": {"ada,late,,come and see me\n", "", "come and see me"},
	} {
		t.Run(name, func(t *testing.T) {
			book, publish := handBook(t, true)
			for i, answer := range []string{"It doubles.", c.answer} {
				require.NoError(t, book.store(&Graded{Student: "ada", Key: "ada", Tasks: []TaskResult{{ID: "descend", Title: "A whole descent", Of: 3}},
					Answers: map[string]string{"explain": answer}}, i > 0))
			}
			for _, own := range []string{c.own, ""} {
				s, p := publish(own)
				require.Empty(t, p.Kept)
				said := append(s.Comments, s.Questions[0].Comment)
				require.Contains(t, said, c.want)
				for _, text := range said {
					require.NotContains(t, text, "earlier")
				}
			}
		})
	}
}

// A line of another list counts once, for the answer that was there: given again it takes nothing from what was written since, and gives nothing to another answer.
func TestAnAssistantsListGivenAgain(t *testing.T) {
	const head = "student,item,points,comment,of,answer\n"
	type run struct {
		answer string // that is handed in
		own    string // what the instructor writes into the folder's own list
		given  string // to the folder
		earned float64
		open   int
	}
	const ofDoubles, good = head + "ada,explain,1,half,2,It doubles.\n", "ada,explain,2,very good\n"
	for name, runs := range map[string][]run{
		"the instructor's points for the new answer stay": {
			{"It doubles.", "", ofDoubles, 1, 0}, {"It halves.", "", ofDoubles, 0, 1}, {"It halves.", "ada,explain,2,right now\n", ofDoubles, 2, 0}, {"It halves.", "", ofDoubles, 2, 0}},
		"for an earlier answer from the beginning": {
			{"It doubles.", "", "", 0, 1}, {"It halves.", "ada,explain,2,right now\n", ofDoubles, 2, 0}, {"It halves.", "", ofDoubles, 2, 0}},
		"with four fields":                   {{"It halves.", "", good, 2, 0}, {"It halves.", "", good, 2, 0}, {"No idea.", "", good, 0, 1}, {"No idea.", "", good, 0, 1}},
		"with four fields, the words erased": {{"It halves.", "", good, 2, 0}, {"No idea.", "", good, 0, 1}, {"No idea.", head, good, 0, 1}},
		"corrected by the assistant":         {{"It halves.", "", good, 2, 0}, {"It halves.", "", "ada,explain,1,half\n", 1, 0}, {"It halves.", "", good, 2, 0}},
		"corrected by the instructor":        {{"It halves.", "", good, 2, 0}, {"It halves.", "ada,explain,1.5,half\n", good, 1.5, 0}},
		"the folder's own list is lost":      {{"It halves.", "", good, 2, 0}, {"It halves.", head, good, 2, 0}},
		"a comment alone":                    {{"It halves.", "", "ada,explain,,come\n", 0, 1}, {"It halves.", "ada,explain,2,\n", "ada,explain,,come\n", 2, 0}},
		"a task":                             {{"a", "", head + "ada,descend,1,,,a\n", 1, 1}, {"b", head + "ada,descend,3,,,b\n", head + "ada,descend,1,,,a\n", 3, 1}},
	} {
		t.Run(name, func(t *testing.T) {
			book, publish := handBook(t, true)
			for i, r := range runs {
				require.NoError(t, book.store(&Graded{Student: "ada", Key: "ada", Content: r.answer, Tasks: []TaskResult{{ID: "descend", Of: 3}},
					Answers: map[string]string{"explain": r.answer}}, i > 0))
				s, p := publish(r.own, r.given)
				require.Equal(t, r.earned, s.Earned, "run %d", i)
				require.Equal(t, r.open, s.Open, "run %d", i)
				require.Empty(t, p.Kept, "run %d", i)
				list, err := os.ReadFile(filepath.Join(book.Folder, ByHandFile))
				require.NoError(t, err)
				require.LessOrEqual(t, strings.Count(string(list), "for an earlier answer"), 1, "run %d: %s", i, list)
				book.state = state{}
				require.NoError(t, book.open(nil)) // as another process does
			}
		})
	}
}

// What a list says of the new answer stands beside what was said of the one before, which the student does not read any more.
func TestAnAssistantsListForTheNewAnswer(t *testing.T) {
	book, publish := handBook(t, true)
	for i, answer := range []string{"It doubles.", "It halves."} {
		require.NoError(t, book.store(&Graded{Student: "ada", Key: "ada", Answers: map[string]string{"explain": answer}}, i > 0))
		s, _ := publish("", "ada,explain,"+[]string{"1,half", "2,right"}[i]+"\n")
		require.Equal(t, []string{"half", "right"}[i], s.Questions[0].Comment)
	}
	list, err := os.ReadFile(filepath.Join(book.Folder, ByHandFile))
	require.NoError(t, err)
	require.Contains(t, string(list), "[1 for an earlier answer: half]")
}

// A page says once that nothing could be read.
func TestAPageSaysOnceWhatIsWrong(t *testing.T) {
	book, _ := handBook(t, true)
	for problem, want := range map[string]int{"it breaks off": 0, "": 1} {
		r := &Graded{Student: "ada", Key: "ada", Problem: problem, Tasks: []TaskResult{{ID: "descend", Wrong: nothing, Parts: []assignment.Result{{Name: "one", Of: 3, Says: nothing}}}}}
		folder, _, err := book.Feedback([]Standing{{Graded: r}})
		require.NoError(t, err)
		page, err := os.ReadFile(filepath.Join(folder, "ada.html"))
		require.NoError(t, err)
		require.Equal(t, want, strings.Count(string(page), nothing), problem)
	}
}
