package main

import (
	"context"
	"fmt"

	"descent.example/cmd/lab/internal/jupyter"
	"descent.example/cmd/lab/internal/setup"
	"github.com/spf13/cobra"
)

type openOptions struct {
	noBrowser bool
	port      int // 0: that of last time
}

// inWorkspace sets up what is missing, and calls open with what Bring tells when no lab is open on the workspace, and else taken.
func inWorkspace(ctx context.Context, common commonOptions, open func(home setup.Home, told func() []string) error, taken func(setup.Home) error) error {
	home, done, err := setup.Enter(ctx, common.work, common.offline)
	if err != nil {
		return err
	}
	defer done()
	lock, mine, err := home.Work.Lock()
	if err != nil {
		return err
	}
	if !mine {
		return taken(home)
	}
	defer lock.Close()
	told, err := home.Bring(ctx)
	if err != nil {
		return err
	}
	return open(home, told)
}

// openLab sets up what is missing and serves JupyterLab on the workspace until it is interrupted.
func openLab(ctx context.Context, common commonOptions, opt openOptions) error {
	return inWorkspace(ctx, common, func(home setup.Home, told func() []string) error {
		return serve(ctx, func(temp string) (*jupyter.Server, error) { return jupyter.Start(home, opt.port, temp) }, func(server *jupyter.Server) error {
			said := told() // the page asks for chapters that are signed
			fmt.Printf("\nThe lab is open:\n\n    %s\n\nYour notebooks are in %s and are saved as you work. Ctrl-C closes the lab.\n", server.Page(), home.Work.Path())
			for _, sentence := range said {
				fmt.Println(sentence)
			}
			return opt.show(home, server)
		})
	}, func(home setup.Home) error {
		other, err := jupyter.Running(ctx, home)
		if err != nil {
			return err
		}
		fmt.Printf("\nThe lab is open already, started in another terminal:\n\n    %s\n\n", other.Page())
		return opt.show(home, other)
	})
}

func singleuserCommand(common *commonOptions) *cobra.Command {
	return &cobra.Command{
		Use:    "singleuser",
		Short:  "Serve one person's lab to the JupyterHub that starts this",
		Args:   noArgs,
		Hidden: true, // docker/hub says how
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx := cmd.Context()
			return inWorkspace(ctx, *common, func(home setup.Home, told func() []string) error {
				for _, sentence := range told() { // the hub sends its student as soon as the server answers
					fmt.Println(sentence)
				}
				return serve(ctx, func(temp string) (*jupyter.Server, error) { return jupyter.StartForHub(home, temp) }, func(*jupyter.Server) error { return nil })
			}, func(home setup.Home) error { return fmt.Errorf("a lab is open on %s already", home.Work.Path()) })
		},
	}
}

// serve starts a server in a temporary folder, calls opened when it answers, and stops it when the context ends, after pages have
// saved their edits.
func serve(ctx context.Context, start func(temp string) (*jupyter.Server, error), opened func(*jupyter.Server) error) error {
	temp, removeTemp, err := setup.TempDir()
	if err != nil {
		return err
	}
	defer removeTemp()
	server, err := start(temp)
	if err != nil {
		return err
	}
	defer server.Stop()
	if err := server.Ready(ctx); err != nil {
		return err
	}
	if err := opened(server); err != nil {
		return err
	}
	if err := server.Wait(ctx); err != nil {
		return err
	}
	fmt.Println("\nClosing the lab.")
	unsaved := server.Save()
	for _, file := range unsaved.Open {
		fmt.Printf("%s has edits that are not saved: leave its page open, open the lab again, and save there.\n", file)
	}
	for _, file := range unsaved.Silent {
		fmt.Printf("A page of %s had edits that are not saved, and no longer answers. If you closed it, they are lost; "+
			"if it is still open, leave it open, open the lab again, and save there.\n", file)
	}
	return nil
}

// show opens the lab's first page in the browser, if it is to be opened.
func (opt openOptions) show(home setup.Home, server *jupyter.Server) error {
	if opt.noBrowser {
		return nil
	}
	return server.Show(home)
}
