package notebook_test

import (
	"fmt"

	"descent.example/pkg/notebook"
)

// The first cell of the page on cells, and what it shows.
func ExampleRead() {
	nb, err := notebook.Read("../../notebooks/00-how-a-cell-works.ipynb")
	if err != nil {
		panic(err)
	}
	cell := nb.Code()[0]
	fmt.Println(cell.Name())
	fmt.Println(cell.Kinds())
	// Output:
	// func half(x float64) float64 { return x / 2 }
	// [text/plain]
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
