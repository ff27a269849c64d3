package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"descent.example/cmd/lab/internal/headless"
	"descent.example/cmd/lab/internal/report"
	"descent.example/cmd/lab/internal/setup"
	"descent.example/internal/plural"
	"descent.example/pkg/notebook"
	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"
)

func runCommand(common *commonOptions) *cobra.Command {
	var opt headless.Options
	cmd := &cobra.Command{
		Use:   "run NOTEBOOK...",
		Short: "Execute notebooks headless",
		Long: "run executes notebooks through the Go kernel and writes executed copies; the notebooks themselves are not touched.\n" +
			"--set gives a parameter another value in every cell that has it. The number of a section or cell before the name,\n" +
			"as in 1.3.lr or cell5.lr, gives it there alone. What a cell would refuse is said before anything runs.\n" +
			"A number stands for the chapter's original in the folder notebooks.",
		Example: "  go run ./cmd/lab run notebooks/01-gradient-descent.ipynb\n" +
			"  go run ./cmd/lab run notebooks/01-gradient-descent.ipynb --set 1.3.rates=0.02,0.1,0.3 --set 1.3.steps=30   # in section 1.3 alone\n" +
			"  go run ./cmd/lab run notebooks/*.ipynb --html --output pages",
		RunE: func(cmd *cobra.Command, notebooks []string) error {
			// Whatever is wrong with the command line is said before anything is set up.
			notebooks, err := chapters(common.work, notebooks)
			if err != nil {
				return err
			}
			if err := headless.Check(notebooks, opt); err != nil {
				return err
			}
			home, done, err := setup.Enter(cmd.Context(), common.work, common.offline)
			if err != nil {
				return err
			}
			defer done()
			for _, nb := range notebooks {
				places, err := headless.Places(home, nb, opt)
				if err != nil {
					return err
				}
				page, err := filepath.Abs(places.HTML)
				if err != nil {
					return err
				}
				opt.Pages = append(opt.Pages, page)
			}
			if opt.Backend != "" {
				if err := home.CheckBackend(cmd.Context(), opt.Backend); err != nil {
					return fmt.Errorf("--backend=%s, which sets GOMLX_BACKEND for the cells, does not work here: %w", opt.Backend, err)
				}
			}
			return runAll(cmd.Context(), home, notebooks, opt)
		},
	}
	cmd.Flags().StringArrayVar(&opt.Set, "set", nil, "a parameter of the notebook's cells, as name=value, 1.3.name=value or cell5.name=value; may be given again")
	cmd.Flags().BoolVar(&opt.HTML, "html", false, "write a page of HTML that needs no notebook server and no network (1 to 5 MB)")
	cmd.Flags().BoolVar(&opt.InPlace, "in-place", false, "store the outputs in the notebook itself")
	cmd.Flags().StringVarP(&opt.Output, "output", "o", "", "folder of the executed copies (default: runs in your workspace)")
	cmd.Flags().StringVar(&opt.Backend, "backend", "", "what computes, as GOMLX_BACKEND: xla:cpu, xla:cuda or wasm (default: the best there is)")
	cmd.Flags().DurationVar(&opt.Timeout, "timeout", 10*time.Minute, "longest time for one cell")
	return cmd
}

// chapters are the notebooks, with the original of the chapter in the place of a number.
func chapters(work string, notebooks []string) ([]string, error) {
	notebooks = slices.Clone(notebooks)
	for i, given := range notebooks {
		if _, err := strconv.Atoi(given); err != nil {
			continue
		}
		home, err := setup.Find(work)
		if err != nil {
			return nil, err
		}
		name, err := home.Chapter(given)
		if err != nil {
			return nil, err
		}
		notebooks[i] = filepath.Join(home.Notebooks(), name)
	}
	return notebooks, nil
}

// runAll executes notebooks, two at a time, since a cell's build and link keep no more than one core busy. After one that fails none
// is begun. It is an error when one fails.
func runAll(ctx context.Context, h setup.Home, notebooks []string, opt headless.Options) error {
	out := report.New(os.Stdout)
	failed := make([]error, len(notebooks))
	all, toBegin := errgroup.WithContext(ctx)
	all.SetLimit(2)
	for i, path := range notebooks {
		all.Go(func() error {
			if toBegin.Err() == nil {
				failed[i] = runAndTell(ctx, h, path, opt, out) // those that have begun go on to their ends
			}
			return failed[i]
		})
	}
	all.Wait()
	out.Close()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return errors.Join(failed...)
}

// runAndTell executes one notebook and says what became of it.
func runAndTell(ctx context.Context, h setup.Home, path string, opt headless.Options, out *report.Reporter) error {
	start := time.Now()
	end := out.Begin(path)
	written, err := headless.Run(ctx, h, path, opt, func(done, of int) { out.Note(path, fmt.Sprintf("cell %d of %d", done, of)) })
	end(err)
	if err != nil {
		return err
	}
	nb, err := notebook.Read(written.Notebook)
	if err != nil {
		return err
	}
	text := fmt.Sprintf("  %s\n  written to %s", summary(nb, time.Since(start)), written.Best())
	if len(written.Took) > 0 {
		text = fmt.Sprintf("  with %s\n", strings.Join(written.Took, "; ")) + text
	}
	out.Say("%s", text)
	return nil
}

// engine is the sentence in which the notebook itself says what computed it, "" if it has none.
func engine(nb *notebook.Notebook) string {
	for _, c := range nb.Cells {
		if !c.Has(notebook.TagMachine) {
			continue
		}
		for line := range strings.Lines(c.Words()) {
			if strings.Contains(line, "computes") {
				return strings.TrimSpace(line)
			}
		}
	}
	return ""
}

// summary is what a person hears of an executed notebook.
func summary(nb *notebook.Notebook, took time.Duration) string {
	text := fmt.Sprintf("%s in %.1f s", plural.Of(len(nb.Code()), "cell"), took.Seconds())
	if engine := engine(nb); engine != "" {
		text += "; " + engine
	}
	return text
}
