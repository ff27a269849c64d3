package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"time"

	"descent.example/cmd/lab/internal/setup"
	"descent.example/internal/page"
	"descent.example/internal/plural"
	"descent.example/internal/site"
	"github.com/spf13/cobra"
)

func siteCommand(common *commonOptions) *cobra.Command {
	var to string
	var serve bool
	var port int
	cmd := &cobra.Command{
		Use:   "site",
		Short: "Build the lecture as static files, to be read in any browser without an installation",
		Long: "site makes a page of each chapter, from the notebooks and the outputs that are stored in them: a folder of files for any web server,\n" +
			"under any path. What is in the folder already and is not the site's stays.",
		Example: "  go run ./cmd/lab site --serve   # and open http://127.0.0.1:8000/\n" +
			"  go run ./cmd/lab site --to DIR",
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			home, err := setup.Find(common.work)
			if err != nil {
				return err
			}
			if to == "" {
				to = filepath.Join(home.Work.Path(), "site")
			}
			notebooks, err := filepath.Glob(filepath.Join(home.Notebooks(), "*.ipynb"))
			if err != nil {
				return err
			}
			start := time.Now()
			built, err := site.Build(cmd.Context(), site.Options{Notebooks: notebooks, To: to, Live: page.Build})
			if err != nil {
				return err
			}
			fmt.Printf("%s, %.1f MB, in %.1f s\nwritten to %s\n", plural.Of(len(built.Pages), "page"), float64(built.Bytes)/1e6, time.Since(start).Seconds(), to)
			for _, name := range built.Kept {
				fmt.Printf("A file that you changed is kept as %s.\n", name)
			}
			if !serve {
				return nil
			}
			return serveSite(cmd.Context(), to, port)
		},
	}
	cmd.Flags().StringVar(&to, "to", "", "folder of the site (default: site in your workspace)")
	cmd.Flags().BoolVar(&serve, "serve", false, "show the site on this machine until Ctrl-C")
	cmd.Flags().IntVar(&port, "port", 8000, "port of --serve; 0 for a free one")
	return cmd
}

// serveSite shows the folder to this machine alone, until the context ends.
func serveSite(ctx context.Context, folder string, port int) error {
	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return fmt.Errorf("the site cannot be served: %w; choose another --port", err)
	}
	fmt.Printf("\nThe site is open:\n\n    http://%s/\n\nCtrl-C closes it.\n", listener.Addr())
	server := &http.Server{Handler: site.Handler(folder), ReadHeaderTimeout: 10 * time.Second}
	stop := context.AfterFunc(ctx, func() { server.Close() })
	defer stop()
	if err := server.Serve(listener); err != http.ErrServerClosed {
		return err
	}
	return nil
}
