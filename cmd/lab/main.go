// Command lab sets up the Descent lab, opens it in JupyterLab, executes its notebooks headless and tests it.
//
//	go run ./cmd/lab                    set up what is missing, then open JupyterLab on your workspace
//	go run ./cmd/lab setup              set up only
//	go run ./cmd/lab reset CHAPTER...   bring the original of a chapter back
//	go run ./cmd/lab run NOTEBOOK...    execute notebooks headless
//	go run ./cmd/lab site               build the lecture as static files
//	go run ./cmd/lab test               run all tests
//	go run ./cmd/lab bench              time the training against JAX and PyTorch
//	go run ./cmd/lab sweep              train a grid of nets, or one part of it on each of several machines
//	go run ./cmd/lab assignment         build, check and grade assignments
//	go run ./cmd/lab doctor             say what was found, its version, what to do
//	go run ./cmd/lab clean              remove what set-up made
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"syscall"

	"descent.example/cmd/lab/internal/setup"
	"descent.example/internal/nearest"
	"github.com/spf13/cobra"
)

func main() {
	ends := []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGPIPE}
	if !signal.Ignored(syscall.SIGHUP) { // as nohup does
		ends = append(ends, syscall.SIGHUP)
	}
	ctx, stop := signal.NotifyContext(context.Background(), ends...)
	context.AfterFunc(ctx, stop) // the second Ctrl-C ends the lab at once
	err := rootCommand().ExecuteContext(ctx)
	switch {
	case err == nil:
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(os.Stderr, "lab: interrupted; run the same command again to go on where it stopped")
		os.Exit(130)
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		fmt.Fprintf(os.Stderr, "lab: the disk is full; make room and run this again (%v)\n", err)
		os.Exit(1)
	default:
		fmt.Fprintln(os.Stderr, "lab:", err)
		os.Exit(1)
	}
}

func rootCommand() *cobra.Command {
	var common commonOptions
	var open openOptions
	root := &cobra.Command{
		Use:   "lab",
		Short: "Descent: a lab for optimizers and ReLU networks, as Go notebooks",
		Long: "lab sets up what is missing and opens JupyterLab on your workspace, the folder work/, into which it copies the chapters.\n" +
			"A chapter that you edit stays as you left it; `lab reset CHAPTER` brings the original back and keeps yours.\n" +
			"What it makes lies in the repository's ignored folders .lab and work and in your cache folder, nowhere else.",
		Example: "  go run ./cmd/lab                      # open the lab in your browser\n" +
			"  go run ./cmd/lab --no-browser --port 9000\n" +
			"  go run ./cmd/lab run notebooks/01-gradient-descent.ipynb --set 1.3.rates=0.02,0.1,0.3\n" +
			"  go run ./cmd/lab test",
		Args:          noArgs,
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if cmd.Flags().Changed("port") && (open.port < 1 || open.port > 65535) {
				return fmt.Errorf("--port=%d is not a port: give one from 1 to 65535", open.port)
			}
			return openLab(cmd.Context(), common, open)
		},
	}
	root.CompletionOptions.DisableDefaultCmd = true
	root.SetFlagErrorFunc(flagError)
	root.Flags().BoolVar(&open.noBrowser, "no-browser", false, "print the address instead of opening a browser")
	root.Flags().IntVar(&open.port, "port", 0, "first port to try (default: that of last time, at first 8888)")
	root.PersistentFlags().BoolVar(&common.offline, "offline", false, "use only what is on this machine: no downloads")
	root.PersistentFlags().StringVar(&common.work, "work", "", "folder of your notebooks (default: work in this repository; ~/descent if you may not write there)")
	root.SetHelpCommand(helpCommand(root))
	root.AddCommand(setupCommand(&common), runCommand(&common), resetCommand(&common), testCommand(&common), benchCommand(&common), sweepCommand(&common),
		assignmentCommand(&common), doctorCommand(&common), cleanCommand(&common), singleuserCommand(&common), siteCommand(&common))
	return root
}

// commonOptions are those of every command.
type commonOptions struct {
	offline bool
	work    string
}

func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	var names []string
	for _, sub := range cmd.Commands() {
		names = append(names, sub.Name())
	}
	return fmt.Errorf("%q is not understood; `go run ./cmd/%s --help` lists what is.%s", args[0], cmd.CommandPath(), nearest.DidYouMean("", args[0], names))
}

var (
	badValue    = regexp.MustCompile(`^invalid argument "(.*)" for "(?:-\w, )?--([\w-]+)" flag: `)
	unknownFlag = regexp.MustCompile(`^unknown flag: --(.*)$`)
	listedFlag  = regexp.MustCompile(`--([\w-]+)`)
)

// flagError says what is wrong with a flag in words that are not Go's.
func flagError(cmd *cobra.Command, err error) error {
	said, next := err.Error(), ""
	if m := badValue.FindStringSubmatch(said); m != nil {
		is := map[string]string{"int": "a whole number", "duration": "a length of time such as 90s or 5m, of at most 2000000h", "bool": "true or false"}[cmd.Flag(m[2]).Value.Type()]
		if is != "" {
			said = fmt.Sprintf("--%s=%s is not %s", m[2], m[1], is)
		}
	} else if m := unknownFlag.FindStringSubmatch(said); m != nil {
		var names []string
		for _, f := range listedFlag.FindAllStringSubmatch(cmd.UsageString(), -1) {
			names = append(names, f[1])
		}
		next = nearest.DidYouMean("--", m[1], names)
	}
	return fmt.Errorf("%s; `go run ./cmd/%s --help` lists the flags.%s", said, cmd.CommandPath(), next)
}

// helpCommand is cobra's, but that a command that does not exist is an error.
func helpCommand(root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use:   "help [command]",
		Short: "Help about any command",
		RunE: func(_ *cobra.Command, args []string) error {
			cmd, rest, err := root.Find(args)
			if err = cmp.Or(err, noArgs(cmd, rest)); err != nil {
				return err
			}
			return cmd.Help()
		},
	}
}

func setupCommand(common *commonOptions) *cobra.Command {
	return &cobra.Command{
		Use:     "setup",
		Short:   "Set up what is missing, without opening anything",
		Example: "  go run ./cmd/lab setup\n  go run ./cmd/lab setup --offline   # check that nothing is missing",
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			home, err := setup.Find(common.work)
			if err != nil {
				return err
			}
			return home.SetUp(cmd.Context(), setup.Options{Offline: common.offline, Explicit: true})
		},
	}
}

func resetCommand(common *commonOptions) *cobra.Command {
	return &cobra.Command{
		Use:     "reset CHAPTER...",
		Short:   "Bring the original of a chapter back into your workspace; your copy is kept under another name",
		Example: "  go run ./cmd/lab reset 1",
		RunE: func(cmd *cobra.Command, chapters []string) error {
			home, err := setup.Find(common.work)
			if err != nil {
				return err
			}
			if len(chapters) == 0 {
				return errors.New("no chapter is given: name one, such as `go run ./cmd/lab reset 1`")
			}
			for _, chapter := range chapters { // all of them, before anything is brought back
				if _, err := home.Chapter(chapter); err != nil {
					return err
				}
			}
			if err := home.Work.Make(); err != nil {
				return err
			}
			for _, chapter := range chapters {
				name, kept, err := home.Reset(cmd.Context(), chapter)
				if err != nil {
					return err
				}
				fmt.Printf("%s is the original again.\n", name)
				if kept != "" {
					fmt.Printf("Yours is kept as %s. If its page is open, choose File, Reload Notebook from Disk; asked about changes, choose Revert.\n", kept)
				}
			}
			return nil
		},
	}
}

func doctorCommand(common *commonOptions) *cobra.Command {
	return &cobra.Command{
		Use:     "doctor",
		Short:   "Say of each part what was found, its version, and what to do",
		Example: "  go run ./cmd/lab doctor",
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			home, err := setup.Find(common.work)
			if err != nil {
				return err
			}
			return home.Examine(cmd.Context())
		},
	}
}

func cleanCommand(common *commonOptions) *cobra.Command {
	var cache bool
	cmd := &cobra.Command{
		Use:     "clean",
		Short:   "Remove what set-up made; notebooks are not touched",
		Example: "  go run ./cmd/lab clean\n  go run ./cmd/lab clean --cache   # the XLA plugin in your cache folder too",
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			home, err := setup.Find(common.work)
			if err != nil {
				return err
			}
			return home.Clean(cmd.Context(), cache)
		},
	}
	cmd.Flags().BoolVar(&cache, "cache", false, "also remove the XLA plugin from your cache folder")
	return cmd
}
