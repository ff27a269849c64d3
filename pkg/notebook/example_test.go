package notebook_test

import (
	"fmt"

	"descent.example/pkg/notebook"
)

// The cells of a chapter that are executed.
func ExampleRead() {
	nb, err := notebook.Read("../../notebooks/01-gradient-descent.ipynb")
	if err != nil {
		panic(err)
	}
	cell := nb.Code()[1]
	fmt.Println(cell.Name())
	fmt.Println(cell.Kinds())
	// Output:
	// lr := lab.Float("lr", 0.1, "learning rate η", lab.Above(0), lab.AtMost(1))
	// [text/markdown text/plain text/plain]
}

// A notebook of two cells.
func ExampleNotebook_Bytes() {
	nb := notebook.New(notebook.Cell{Type: "markdown", Source: "# A title"}, notebook.Cell{Type: "code", Source: "%%\nlab.Say(\"hello\")"})
	data, err := nb.Bytes()
	if err != nil {
		panic(err)
	}
	again, err := notebook.Parse("two.ipynb", data)
	if err != nil {
		panic(err)
	}
	fmt.Println(len(again.Cells), again.Cells[0].Source)
	// Output: 2 # A title
}

// A fresh run may differ by a unit in the last digit, and not in a count.
func ExampleCompare() {
	ran := func(text notebook.Text) *notebook.Notebook {
		return notebook.New(notebook.Cell{Type: "code", Source: "train()", Outputs: []notebook.Output{{Type: "stream", Text: text}}})
	}
	stored := ran("loss 0.127 after 60 steps")
	fmt.Println(notebook.Compare(stored, ran("loss 0.128 after 60 steps"), 1))
	fmt.Println(notebook.Compare(stored, ran("loss 0.127 after 61 steps"), 1))
	// Output:
	// []
	// [cell 1 (train()): stored "0.127 after 60 steps", fresh "0.127 after 61 steps"]
}
