package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"descent.example/cmd/lab/internal/setup"
	"descent.example/internal/grade"
	"descent.example/internal/plural"
	"descent.example/pkg/assignment"
	"github.com/spf13/cobra"
)

func assignmentCommand(common *commonOptions) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "assignment",
		Short: "Build, check and grade assignments",
		Long: "An assignment has one source, a notebook in notebooks/assignments. docs/assignments.md describes it, and the way of an assignment from\n" +
			"there to the students and back.",
		Example: "  go run ./cmd/lab assignment build notebooks/assignments/0-practice.ipynb",
		Args:    noArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(assignmentBuild(common), assignmentCheck(common), assignmentGrade(common), assignmentFeedback(), assignmentExport(common), assignmentOne())
	return cmd
}

func assignmentBuild(common *commonOptions) *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:   "build SOURCE...",
		Short: "Make the notebook that students get and the one with the solutions",
		Long: "build makes release/NAME.ipynb and solution/NAME.ipynb. It checks that nothing of a solution or a hidden check is in what students get, that\n" +
			"the solution gets all points, and that no stub does.",
		Example: "  go run ./cmd/lab assignment build notebooks/assignments/*.ipynb",
		RunE: func(cmd *cobra.Command, sources []string) error {
			if len(sources) == 0 {
				return fmt.Errorf("no source is given: name one, such as notebooks/assignments/0-practice.ipynb")
			}
			home, err := setup.Find(common.work)
			if err != nil {
				return err
			}
			if output == "" {
				output = filepath.Join(home.Work.Path(), "assignments")
			}
			for _, source := range sources {
				b, err := grade.Build(cmd.Context(), home.Root, source, output)
				if err != nil {
					return err
				}
				untouched := ""
				if len(b.UntouchedFor) > 0 {
					untouched = " (" + strings.Join(b.UntouchedFor, "; ") + ")"
				}
				fmt.Printf("%s: %s and %s, %s. Who changes nothing gets %s%s.\n  for students: %s\n  for you: %s\n", b.Assignment.Name, plural.Of(len(b.Assignment.Tasks), "task"),
					plural.Of(len(b.Assignment.Questions), "question"), assignment.Points(b.Assignment.Points()), assignment.Points(b.Untouched), untouched, b.Release, b.Solution)
				for _, kept := range b.Kept {
					fmt.Printf("  you had changed what was there; that is now %s\n", kept)
				}
			}
			return nil
		},
	}
	cmd.Flags().StringVarP(&output, "output", "o", "", "folder for release and solution (default: assignments in your workspace)")
	return cmd
}

func assignmentCheck(common *commonOptions) *cobra.Command {
	return &cobra.Command{
		Use:   "check NOTEBOOK|FOLDER|TASK.go...",
		Short: "Try your own work with the checks that are in the notebook",
		Long: "check tries each task as the grader would, without a network, and says how many points it gets. It remembers what failed: the second\n" +
			"time there is a hint. The checks of a notebook run with all your rights: never check another person's, grade is for that. Go files beside the notebook that are named as tasks count as they do in grading; name one of them to try its task alone. It ends with status 1 when a task is not right yet.",
		Example: "  go run ./cmd/lab assignment check work/0-practice.ipynb",
		RunE: func(cmd *cobra.Command, notebooks []string) error {
			if len(notebooks) == 0 {
				return fmt.Errorf("nothing is given: name your notebook, or the folder with it and your Go files")
			}
			home, err := setup.Find(common.work)
			if err != nil {
				return err
			}
			left := 0
			for _, path := range notebooks {
				n, err := grade.Check(cmd.Context(), home.Root, path, os.Stdout)
				if err != nil {
					return err
				}
				left += n
			}
			if left > 0 {
				return fmt.Errorf("%s not right yet", plural.Of(left, "task"))
			}
			return nil
		},
	}
}
