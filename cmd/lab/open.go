package main

import (
	"context"
	"fmt"

	"descent.example/cmd/lab/internal/jupyter"
	"descent.example/cmd/lab/internal/setup"
)

type openOptions struct {
	noBrowser bool
	port      int // 0: that of last time
}

// openLab sets up what is missing and serves JupyterLab on the workspace until it is interrupted.
func openLab(ctx context.Context, common commonOptions, opt openOptions) error {
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
		other, err := jupyter.Running(ctx, home)
		if err != nil {
			return err
		}
		fmt.Printf("\nThe lab is open already, started in another terminal:\n\n    %s\n\n", other.Page())
		return opt.show(home, other)
	}
	defer lock.Close()
	kept, err := home.Bring(ctx)
	if err != nil {
		return err
	}
	temp, removeTemp, err := setup.TempDir()
	if err != nil {
		return err
	}
	defer removeTemp()

	server, err := jupyter.Start(home, opt.port, temp)
	if err != nil {
		return err
	}
	defer server.Stop()
	if err := server.Ready(ctx); err != nil {
		return err
	}
	fmt.Printf("\nThe lab is open:\n\n    %s\n\nYour notebooks are in %s and are saved as you work. Ctrl-C closes the lab.\n", server.Page(), home.Work.Path())
	for _, sentence := range kept {
		fmt.Println(sentence)
	}
	if err := opt.show(home, server); err != nil {
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
