package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"descent.example/cmd/lab/internal/setup"
	"descent.example/pkg/grid"
)

func sweepCommand(common *commonOptions) *cobra.Command {
	whole := grid.Grid{Widths: []int{10, 20, 40}, Optimizers: []string{"SGD", "momentum", "Adam"}, Rates: []float64{0.04}, Seeds: 30, Steps: 30_000}
	part, file := "0/1", ""
	cmd := &cobra.Command{
		Use:   "sweep",
		Short: "Train a grid of nets, whole or one part of it on each of several machines",
		Long: "sweep trains nets of one hidden layer on the CS182 exercise: every width, by every optimizer, at every learning rate, from\n" +
			"every seed. It adds a line to the file of results for each run. A sweep that was interrupted goes on where it stopped.\n" +
			"With --shard=2/8 it does the third of eight parts; docker/sweep shows the parts as a Kubernetes Job and as a Slurm array.",
		Example: "  go run ./cmd/lab sweep --rates 0.01,0.03,0.1 --to all.jsonl\n" +
			"  go run ./cmd/lab sweep --rates 0.01,0.03,0.1 --shard 0/2 --to part0.jsonl   # and 1/2 on another machine\n" +
			"  go run ./cmd/lab sweep merge part0.jsonl part1.jsonl",
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			shard, err := shardOf(whole, part)
			if err != nil {
				return err
			}
			if file == "" {
				return errors.New("--to is missing: name the file to which the results go")
			}
			path, err := filepath.Abs(file)
			if err != nil {
				return err
			}
			if err := setup.Writable(filepath.Dir(path)); err != nil {
				return fmt.Errorf("--to %s cannot be written there (%w): choose another file", file, err)
			}
			home, done, err := setup.Enter(cmd.Context(), common.work, common.offline)
			if err != nil {
				return err
			}
			defer done()
			folder, remove, err := setup.TempDir()
			if err != nil {
				return err
			}
			defer remove()
			program := filepath.Join(folder, "sweep")
			if err := home.Build(cmd.Context(), "./cmd/sweep", program); err != nil {
				return err
			}
			if err := handOver(cmd.Context(), home, map[string]any{"Shard": shard, "File": path}, program); err != nil {
				return err
			}
			fmt.Printf("written to %s\n", file)
			return nil
		},
	}
	flags := cmd.Flags()
	flags.IntSliceVar(&whole.Widths, "widths", whole.Widths, "hidden units")
	flags.StringSliceVar(&whole.Optimizers, "optimizers", whole.Optimizers, "update rules")
	flags.Float64SliceVar(&whole.Rates, "rates", whole.Rates, "learning rates")
	flags.IntVar(&whole.Seeds, "seeds", whole.Seeds, "runs of each")
	flags.IntVar(&whole.Steps, "steps", whole.Steps, "steps of each run")
	flags.StringVar(&part, "shard", part, "the part to do, as index/parts; the first has the index 0")
	flags.StringVar(&file, "to", "", "file to which the results go, a JSON object a line")
	cmd.AddCommand(mergeCommand())
	return cmd
}

// shardOf reads a part of the grid from its flag.
func shardOf(whole grid.Grid, part string) (grid.Shard, error) {
	shard := grid.Shard{Grid: whole}
	rest := ""
	if n, _ := fmt.Sscanf(part+" ", "%d/%d%s", &shard.Index, &shard.Of, &rest); n != 2 {
		return shard, fmt.Errorf("--shard is %q: give it as index/parts, such as 0/8", part)
	}
	return shard, shard.Check()
}

func mergeCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "merge FILE...",
		Short: "Put the parts of a sweep together and print its table",
		Long: "merge reads the files of all parts of one sweep, whatever their order, and prints what each width, optimizer and rate came\n" +
			"to: the mean square error, its 95 % interval over the seeds, and how many runs diverged. A run that is missing, or that two\n" +
			"files hold, is an error.",
		Example: "  go run ./cmd/lab sweep merge part0.jsonl part1.jsonl",
		RunE: func(cmd *cobra.Command, files []string) error {
			_, results, err := grid.Merge(files)
			if err != nil {
				return err
			}
			summaries, err := grid.Summarize(results)
			if err != nil {
				return err
			}
			table := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
			fmt.Fprintln(table, "width\toptimizer\trate\tmean square error\t95 % interval\tdiverged")
			for _, s := range summaries {
				fmt.Fprintln(table, strings.Join(s.Row(), "\t"))
			}
			return table.Flush()
		},
	}
}
