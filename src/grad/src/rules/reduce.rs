//! Reductions, softmax and cumulative sums.

use super::{Rule, first};
use crate::error::Result;
use crate::onnx::node::{Attributes, int};
use crate::onnx::{Builder, Node, Tensor, Value, Walk, wrong};

pub(super) const RULES: &[(&str, Rule)] = &[
    ("CumSum", cumsum),
    ("LogSoftmax", log_softmax),
    ("ReduceL1", |b, n, g| {
        let over = Over::of(b, n, g)?;
        let sign = b.unary("Sign", n.input(0)?);
        one(b.mul(&sign, &over.g))
    }),
    ("ReduceL2", |b, n, g| {
        // x / |x|, and 0 at the zero vector, as PyTorch has it.
        let over = Over::of(b, n, g)?;
        let zero = b.scalar(0.0);
        let vanishes = b.compare("Equal", &over.y, &zero)?;
        let vanishes = b.cast(&vanishes, over.y.elem);
        let safe = b.add(&over.y, &vanishes)?;
        let share = b.div(&over.g, &safe)?;
        one(b.mul(n.input(0)?, &share))
    }),
    ("ReduceLogSum", |b, n, g| {
        let over = Over::of(b, n, g)?;
        let sum = b.unary("Exp", &over.y);
        let share = b.div(&over.g, &sum)?;
        one(Ok(share))
    }),
    ("ReduceLogSumExp", |b, n, g| {
        let over = Over::of(b, n, g)?;
        let difference = b.sub(n.input(0)?, &over.y)?;
        let weight = b.unary("Exp", &difference);
        // Where all are -inf, none has weight; their differences are not numbers.
        let least = b.scalar(f32::MIN);
        let any = b.compare("GreaterOrEqual", &over.y, &least)?;
        let weight = b.keep_where(&any, &weight)?;
        one(b.mul(&weight, &over.g))
    }),
    ("ReduceMax", extreme),
    ("ReduceMean", |b, n, g| {
        let over = Over::of(b, n, g)?;
        let share = b.scale(&over.g, 1.0 / over.count(n)? as f32);
        one(Ok(share))
    }),
    ("ReduceMin", extreme),
    ("ReduceProd", prod),
    ("ReduceSum", |b, n, g| {
        let over = Over::of(b, n, g)?;
        one(Ok(over.g))
    }),
    ("ReduceSumSquare", |b, n, g| {
        let over = Over::of(b, n, g)?;
        let twice = b.scale(&over.g, 2.0);
        one(b.mul(n.input(0)?, &twice))
    }),
    ("Softmax", softmax),
];

fn one(part: Result<Value>) -> Result<Vec<Option<Value>>> {
    Ok(vec![Some(part?)])
}

/// What a reduction goes over, its output and the cotangent of that with the reduced dimensions kept.
struct Over {
    axes: Vec<usize>,
    y: Value,
    g: Value,
}

impl Over {
    fn of(b: &mut Builder, n: &Node, g: &[Option<Value>]) -> Result<Self> {
        let x = n.input(0)?;
        let listed = match n.maybe(1) {
            Some(axes) => b.integers(axes)?,
            None => n.ints("axes").unwrap_or_default().to_vec(),
        };
        let mut axes = Vec::with_capacity(listed.len());
        for axis in listed {
            axes.push(dimension(x, axis)?);
        }
        if axes.is_empty() && n.int_or("noop_with_empty_axes", 0) == 0 {
            axes = (0..x.rank()).collect();
        }
        let sizes = x.shape.iter().enumerate();
        let kept: Vec<usize> = sizes
            .map(|(i, &d)| if axes.contains(&i) { 1 } else { d })
            .collect();
        let y = b.reshape(n.output(0)?, &kept)?;
        let g = b.reshape(first(g)?, &kept)?;
        Ok(Self { axes, y, g })
    }

    /// How many elements become one.
    fn count(&self, n: &Node) -> Result<usize> {
        let x = n.input(0)?;
        Ok((0..x.rank())
            .filter(|i| self.axes.contains(i))
            .map(|i| x.shape[i])
            .product())
    }
}

/// `axis`, which may count from the end, as the index of a dimension of `x`.
pub(super) fn dimension(x: &Value, axis: i64) -> Result<usize> {
    let at = x.axis(axis)?;
    if at < x.rank() {
        Ok(at)
    } else {
        Err(wrong(format!(
            "axis {axis} of a value with {at} dimensions"
        )))
    }
}

/// All that are largest (or smallest) share the cotangent evenly, as in `PyTorch`'s `amax`.
fn extreme(b: &mut Builder, n: &Node, g: &[Option<Value>]) -> Result<Vec<Option<Value>>> {
    let over = Over::of(b, n, g)?;
    let winners = b.compare("Equal", n.input(0)?, &over.y)?;
    let winners = b.cast(&winners, over.y.elem);
    let count = b.sum(&winners, &over.axes, true);
    let share = b.div(&over.g, &count)?;
    one(b.mul(&winners, &share))
}

/// The slope is the product of all others: with zeros taken out, the product over the element, where no other is zero.
fn prod(b: &mut Builder, n: &Node, g: &[Option<Value>]) -> Result<Vec<Option<Value>>> {
    let over = Over::of(b, n, g)?;
    let x = n.input(0)?;
    if b.walking() == Walk::Again {
        let others = others(b, x, &over.axes)?;
        return one(b.mul(&others, &over.g));
    }
    let zero = b.scalar(0.0);
    let none = b.compare("Equal", x, &zero)?;
    let none = b.cast(&none, x.elem);
    let safe = b.add(x, &none)?;
    let product = b.reduce("ReduceProd", &safe, &over.axes, true);
    let zeros = b.sum(&none, &over.axes, true);
    let others = b.compare("Equal", &zeros, &none)?;
    let others = b.cast(&others, x.elem);
    let scaled = b.mul(&product, &over.g)?;
    let part = b.div(&scaled, &safe)?;
    one(b.mul(&part, &others))
}

/// The product of all others along `axes`, each made by itself: of which the slope too is right where there are zeros.
fn others(b: &mut Builder, x: &Value, axes: &[usize]) -> Result<Value> {
    let kept: Vec<usize> = (0..x.rank()).filter(|i| !axes.contains(i)).collect();
    let order = [kept.as_slice(), axes].concat();
    let turned = b.transpose(x, &order);
    let size: usize = axes.iter().map(|&a| x.shape[a]).product();
    let rows = x.count() / size.max(1);
    b.room(x.count().checked_mul(size))?;
    let flat = b.reshape(&turned, &[rows, 1, size])?;
    let mut own = vec![false; b.room(size.checked_mul(size))?];
    own.iter_mut().step_by(size + 1).for_each(|v| *v = true);
    let own = b.tensor(Tensor::bools(&[size, size], &own));
    let one = b.scalar(1.0);
    let apart = b.select(&own, &one, &flat)?;
    let products = b.reduce("ReduceProd", &apart, &[2], false);
    let products = b.reshape(&products, &turned.shape)?;
    let mut back = vec![0; order.len()];
    for (i, &from) in order.iter().enumerate() {
        back[from] = i;
    }
    Ok(b.transpose(&products, &back))
}

/// `(g - sum(g y)) y`.
fn softmax(b: &mut Builder, n: &Node, g: &[Option<Value>]) -> Result<Vec<Option<Value>>> {
    let (g, y) = (first(g)?, n.output(0)?);
    let axis = dimension(y, n.int_or("axis", -1))?;
    let weighted = b.mul(g, y)?;
    let sum = b.sum(&weighted, &[axis], true);
    let rest = b.sub(g, &sum)?;
    one(b.mul(&rest, y))
}

/// `g - sum(g) exp(y)`.
fn log_softmax(b: &mut Builder, n: &Node, g: &[Option<Value>]) -> Result<Vec<Option<Value>>> {
    let (g, y) = (first(g)?, n.output(0)?);
    let axis = dimension(y, n.int_or("axis", -1))?;
    let soft = b.unary("Exp", y);
    let sum = b.sum(g, &[axis], true);
    let part = b.mul(&soft, &sum)?;
    one(b.sub(g, &part))
}

/// Element j went into sums that lie after it: the same sum in the other direction.
fn cumsum(b: &mut Builder, n: &Node, g: &[Option<Value>]) -> Result<Vec<Option<Value>>> {
    let g = first(g)?;
    let attributes = vec![
        int("exclusive", n.int_or("exclusive", 0)),
        int("reverse", i64::from(n.int_or("reverse", 0) == 0)),
    ];
    Ok(vec![Some(b.node(
        "CumSum",
        &[g, n.input(1)?],
        attributes,
        g.elem,
        &g.shape,
    ))])
}
