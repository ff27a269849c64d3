package wasm

import "github.com/gomlx/compute"

// The operations of one kind, each a node of its type.

type value = compute.Value

func (f *function) Abs(x value) (value, error)        { return f.unary(compute.OpTypeAbs, x) }
func (f *function) BitCount(x value) (value, error)   { return f.unary(compute.OpTypeBitCount, x) }
func (f *function) BitwiseNot(x value) (value, error) { return f.unary(compute.OpTypeBitwiseNot, x) }
func (f *function) Ceil(x value) (value, error)       { return f.unary(compute.OpTypeCeil, x) }
func (f *function) Clz(x value) (value, error)        { return f.unary(compute.OpTypeClz, x) }
func (f *function) Cos(x value) (value, error)        { return f.unary(compute.OpTypeCos, x) }
func (f *function) Erf(x value) (value, error)        { return f.unary(compute.OpTypeErf, x) }
func (f *function) Exp(x value) (value, error)        { return f.unary(compute.OpTypeExp, x) }
func (f *function) Expm1(x value) (value, error)      { return f.unary(compute.OpTypeExpm1, x) }
func (f *function) Floor(x value) (value, error)      { return f.unary(compute.OpTypeFloor, x) }
func (f *function) Log(x value) (value, error)        { return f.unary(compute.OpTypeLog, x) }
func (f *function) Log1p(x value) (value, error)      { return f.unary(compute.OpTypeLog1p, x) }
func (f *function) LogicalNot(x value) (value, error) { return f.unary(compute.OpTypeLogicalNot, x) }
func (f *function) Logistic(x value) (value, error)   { return f.unary(compute.OpTypeLogistic, x) }
func (f *function) Neg(x value) (value, error)        { return f.unary(compute.OpTypeNeg, x) }
func (f *function) Round(x value) (value, error)      { return f.unary(compute.OpTypeRound, x) }
func (f *function) Rsqrt(x value) (value, error)      { return f.unary(compute.OpTypeRsqrt, x) }
func (f *function) Sign(x value) (value, error)       { return f.unary(compute.OpTypeSign, x) }
func (f *function) Sin(x value) (value, error)        { return f.unary(compute.OpTypeSin, x) }
func (f *function) Sqrt(x value) (value, error)       { return f.unary(compute.OpTypeSqrt, x) }
func (f *function) Tanh(x value) (value, error)       { return f.unary(compute.OpTypeTanh, x) }

func (f *function) Add(x, y value) (value, error) { return f.binary(compute.OpTypeAdd, x, y) }
func (f *function) Atan2(x, y value) (value, error) {
	return f.binary(compute.OpTypeAtan2, x, y)
}
func (f *function) BitwiseAnd(x, y value) (value, error) {
	return f.binary(compute.OpTypeBitwiseAnd, x, y)
}
func (f *function) BitwiseOr(x, y value) (value, error) {
	return f.binary(compute.OpTypeBitwiseOr, x, y)
}
func (f *function) BitwiseXor(x, y value) (value, error) {
	return f.binary(compute.OpTypeBitwiseXor, x, y)
}
func (f *function) Div(x, y value) (value, error) { return f.binary(compute.OpTypeDiv, x, y) }
func (f *function) LogicalAnd(x, y value) (value, error) {
	return f.binary(compute.OpTypeLogicalAnd, x, y)
}
func (f *function) LogicalOr(x, y value) (value, error) {
	return f.binary(compute.OpTypeLogicalOr, x, y)
}
func (f *function) LogicalXor(x, y value) (value, error) {
	return f.binary(compute.OpTypeLogicalXor, x, y)
}
func (f *function) Max(x, y value) (value, error) { return f.binary(compute.OpTypeMax, x, y) }
func (f *function) Min(x, y value) (value, error) { return f.binary(compute.OpTypeMin, x, y) }
func (f *function) Mul(x, y value) (value, error) { return f.binary(compute.OpTypeMul, x, y) }
func (f *function) Pow(x, y value) (value, error) { return f.binary(compute.OpTypePow, x, y) }
func (f *function) Rem(x, y value) (value, error) { return f.binary(compute.OpTypeRem, x, y) }
func (f *function) ShiftLeft(x, y value) (value, error) {
	return f.binary(compute.OpTypeShiftLeft, x, y)
}
func (f *function) ShiftRightArithmetic(x, y value) (value, error) {
	return f.binary(compute.OpTypeShiftRightArithmetic, x, y)
}
func (f *function) ShiftRightLogical(x, y value) (value, error) {
	return f.binary(compute.OpTypeShiftRightLogical, x, y)
}
func (f *function) Sub(x, y value) (value, error) { return f.binary(compute.OpTypeSub, x, y) }

func (f *function) Equal(x, y value) (value, error) { return f.compare(compute.OpTypeEqual, x, y) }
func (f *function) EqualTotalOrder(x, y value) (value, error) {
	return f.compare(compute.OpTypeEqualTotalOrder, x, y)
}
func (f *function) GreaterOrEqual(x, y value) (value, error) {
	return f.compare(compute.OpTypeGreaterOrEqual, x, y)
}
func (f *function) GreaterOrEqualTotalOrder(x, y value) (value, error) {
	return f.compare(compute.OpTypeGreaterOrEqualTotalOrder, x, y)
}
func (f *function) GreaterThan(x, y value) (value, error) {
	return f.compare(compute.OpTypeGreaterThan, x, y)
}
func (f *function) GreaterThanTotalOrder(x, y value) (value, error) {
	return f.compare(compute.OpTypeGreaterThanTotalOrder, x, y)
}
func (f *function) LessOrEqual(x, y value) (value, error) {
	return f.compare(compute.OpTypeLessOrEqual, x, y)
}
func (f *function) LessOrEqualTotalOrder(x, y value) (value, error) {
	return f.compare(compute.OpTypeLessOrEqualTotalOrder, x, y)
}
func (f *function) LessThan(x, y value) (value, error) {
	return f.compare(compute.OpTypeLessThan, x, y)
}
func (f *function) LessThanTotalOrder(x, y value) (value, error) {
	return f.compare(compute.OpTypeLessThanTotalOrder, x, y)
}
func (f *function) NotEqual(x, y value) (value, error) {
	return f.compare(compute.OpTypeNotEqual, x, y)
}
func (f *function) NotEqualTotalOrder(x, y value) (value, error) {
	return f.compare(compute.OpTypeNotEqualTotalOrder, x, y)
}

func (f *function) ReduceBitwiseAnd(x value, axes ...int) (value, error) {
	return f.reduce(compute.OpTypeReduceBitwiseAnd, x, axes)
}
func (f *function) ReduceBitwiseOr(x value, axes ...int) (value, error) {
	return f.reduce(compute.OpTypeReduceBitwiseOr, x, axes)
}
func (f *function) ReduceBitwiseXor(x value, axes ...int) (value, error) {
	return f.reduce(compute.OpTypeReduceBitwiseXor, x, axes)
}
func (f *function) ReduceLogicalAnd(x value, axes ...int) (value, error) {
	return f.reduce(compute.OpTypeReduceLogicalAnd, x, axes)
}
func (f *function) ReduceLogicalOr(x value, axes ...int) (value, error) {
	return f.reduce(compute.OpTypeReduceLogicalOr, x, axes)
}
func (f *function) ReduceLogicalXor(x value, axes ...int) (value, error) {
	return f.reduce(compute.OpTypeReduceLogicalXor, x, axes)
}
func (f *function) ReduceMax(x value, axes ...int) (value, error) {
	return f.reduce(compute.OpTypeReduceMax, x, axes)
}
func (f *function) ReduceMin(x value, axes ...int) (value, error) {
	return f.reduce(compute.OpTypeReduceMin, x, axes)
}
func (f *function) ReduceProduct(x value, axes ...int) (value, error) {
	return f.reduce(compute.OpTypeReduceProduct, x, axes)
}
func (f *function) ReduceSum(x value, axes ...int) (value, error) {
	return f.reduce(compute.OpTypeReduceSum, x, axes)
}

// operations are those that the compiler has.
var operations = []compute.OpType{
	compute.OpTypeAbs,
	compute.OpTypeBitCount,
	compute.OpTypeBitwiseNot,
	compute.OpTypeCeil,
	compute.OpTypeClz,
	compute.OpTypeCos,
	compute.OpTypeAtan2,
	compute.OpTypeErf,
	compute.OpTypeExp,
	compute.OpTypeExpm1,
	compute.OpTypeFloor,
	compute.OpTypeLog,
	compute.OpTypeLog1p,
	compute.OpTypeLogicalNot,
	compute.OpTypeLogistic,
	compute.OpTypeNeg,
	compute.OpTypeRound,
	compute.OpTypeRsqrt,
	compute.OpTypeSign,
	compute.OpTypeSin,
	compute.OpTypeSqrt,
	compute.OpTypeTanh,
	compute.OpTypeAdd,
	compute.OpTypeBitwiseAnd,
	compute.OpTypeBitwiseOr,
	compute.OpTypeBitwiseXor,
	compute.OpTypeDiv,
	compute.OpTypeLogicalAnd,
	compute.OpTypeLogicalOr,
	compute.OpTypeLogicalXor,
	compute.OpTypeMax,
	compute.OpTypeMin,
	compute.OpTypeMul,
	compute.OpTypePow,
	compute.OpTypeRem,
	compute.OpTypeShiftLeft,
	compute.OpTypeShiftRightArithmetic,
	compute.OpTypeShiftRightLogical,
	compute.OpTypeSub,
	compute.OpTypeEqual,
	compute.OpTypeEqualTotalOrder,
	compute.OpTypeGreaterOrEqual,
	compute.OpTypeGreaterOrEqualTotalOrder,
	compute.OpTypeGreaterThan,
	compute.OpTypeGreaterThanTotalOrder,
	compute.OpTypeLessOrEqual,
	compute.OpTypeLessOrEqualTotalOrder,
	compute.OpTypeLessThan,
	compute.OpTypeLessThanTotalOrder,
	compute.OpTypeNotEqual,
	compute.OpTypeNotEqualTotalOrder,
	compute.OpTypeReduceBitwiseAnd,
	compute.OpTypeReduceBitwiseOr,
	compute.OpTypeReduceBitwiseXor,
	compute.OpTypeReduceLogicalAnd,
	compute.OpTypeReduceLogicalOr,
	compute.OpTypeReduceLogicalXor,
	compute.OpTypeReduceMax,
	compute.OpTypeReduceMin,
	compute.OpTypeReduceProduct,
	compute.OpTypeReduceSum,
	compute.OpTypeParameter,
	compute.OpTypeConstant,
	compute.OpTypeIdentity,
	compute.OpTypeReshape,
	compute.OpTypeBitcast,
	compute.OpTypeTranspose,
	compute.OpTypeReverse,
	compute.OpTypeSlice,
	compute.OpTypeConcatenate,
	compute.OpTypePad,
	compute.OpTypeWhere,
	compute.OpTypeClamp,
	compute.OpTypeConvertDType,
	compute.OpTypeIota,
	compute.OpTypeDotGeneral,
	compute.OpTypeConvGeneral,
	compute.OpTypeReduceWindow,
	compute.OpTypeSelectAndScatterMax,
	compute.OpTypeSelectAndScatterMin,
	compute.OpTypeGather,
	compute.OpTypeScatterSum,
	compute.OpTypeScatterMax,
	compute.OpTypeScatterMin,
	compute.OpTypeDynamicSlice,
	compute.OpTypeDynamicUpdateSlice,
	compute.OpTypeArgMinMax,
	compute.OpTypeRNGBitGenerator,
	compute.OpTypeBatchNormForInference,
	compute.OpTypeBatchNormForTraining,
	compute.OpTypeBatchNormGradient,
	compute.OpTypeSort,
	compute.OpTypeCall,
	compute.OpTypeWhile,
	compute.OpTypeIf,
	compute.OpTypeIsFinite,
	compute.OpTypeIsNaN,
	compute.OpTypeOptimizationBarrier,
	compute.OpTypeSchedulingBarrier,
	compute.OpTypeBroadcastInDim,
}
