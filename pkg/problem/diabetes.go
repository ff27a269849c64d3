package problem

import (
	"bytes"
	_ "embed"
)

// Progression is the target among the columns of DiabetesTable: disease progression one year after baseline.
const Progression = "progression"

// Diabetes is the regression of disease progression on all ten variables of DiabetesTable, n = 442, d = 10, standardized.
// The eigenvalues of its Hessian run from 0.00856 to 4.02, a condition number of 470. For two variables, whose loss can be
// drawn, select them: table.Select("bmi", "bp", Progression), then LeastSquares(Progression). The error is
// nil: the data are part of the program, and a test reads them.
func Diabetes() (*LeastSquares, error) {
	table, err := DiabetesTable()
	if err != nil {
		return nil, err
	}
	return table.LeastSquares(Progression)
}

// DiabetesTable returns the data of 442 diabetes patients, as measured: age, sex, bmi, bp, s1 … s6 and progression. Units
// and license are in data/README.md. The error is nil, as for Diabetes.
//
// Source: Efron, Hastie, Johnstone, Tibshirani (2004), "Least Angle Regression", Annals of Statistics 32(2).
func DiabetesTable() (*Table, error) { return ReadTable(bytes.NewReader(diabetes)) }

//go:embed data/diabetes.csv
var diabetes []byte
