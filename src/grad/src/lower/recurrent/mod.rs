//! `GRU`, `LSTM` and `RNN`, unrolled at the length that is bound.
//!
//! The products of the inputs with their weights are one matrix product for all steps. Inside the steps sequences are
//! columns, states `[hidden, batch]`: gates are then contiguous pieces, and the recurrent weights come first in their
//! products, where engines keep no copy of them per step. Padding is by position: beyond a sequence's length its state
//! stays and its output is zero. A reverse direction walks from the last position to the first, so that a shorter
//! sequence starts at its own end.

mod cells;
mod functions;

use super::Lowering;
use crate::error::Result;
use crate::onnx::node::{Attributes, int};
use crate::onnx::{Builder, Elem, Node, Tensor, Value, wrong};
use cells::Cell;

pub(super) const LOWERINGS: &[(&str, Lowering)] = &[
    ("GRU", |b, n| recurrent::<cells::Gru>(b, n)),
    ("LSTM", |b, n| recurrent::<cells::Lstm>(b, n)),
    ("RNN", |b, n| recurrent::<cells::Rnn>(b, n)),
];

/// Steps in all directions together; every one is a dozen operators.
const MOST_STEPS: usize = 4096;

/// The sizes of one use.
struct Sizes {
    steps: usize,
    batch: usize,
    input: usize,
    hidden: usize,
    /// Are batches the first dimension?
    batch_first: bool,
}

fn recurrent<C: Cell>(b: &mut Builder, n: &Node) -> Result<Vec<Value>> {
    let (mut x, r) = (n.input(0)?.clone(), n.input(2)?.clone());
    let batch_first = n.int_or("layout", 0) != 0;
    if batch_first && x.rank() == 3 {
        x = b.transpose(&x, &[1, 0, 2]);
    }
    let (&[steps, batch, input], &[count, _, hidden]) = (x.shape.as_slice(), r.shape.as_slice())
    else {
        return Err(wrong("input or weights have not three dimensions".into()));
    };
    let sizes = Sizes {
        steps,
        batch,
        input,
        hidden,
        batch_first,
    };
    let reversed: &[bool] = match n.text_or("direction", "forward") {
        "forward" => &[false],
        "reverse" => &[true],
        "bidirectional" => &[false, true],
        other => return Err(wrong(format!("the direction \"{other}\" is not known"))),
    };
    if reversed.len() != count {
        return Err(wrong(format!("weights for {count} directions")));
    }
    if n.attribute("clip").is_some() {
        return Err(wrong("it clips the values of its gates".into()));
    }
    if steps == 0 || steps.saturating_mul(count) > MOST_STEPS {
        return Err(wrong(format!("{steps} steps cannot be unrolled")));
    }
    let mut functions = functions::of(n, C::FUNCTIONS, count)?.into_iter();
    let masks = masks(b, n, &sizes)?;
    let mut sequences = Vec::with_capacity(count);
    let mut states: Vec<Vec<Value>> = vec![Vec::new(); C::STATES];
    for (d, &reverse) in reversed.iter().enumerate() {
        let functions: Vec<_> = functions.by_ref().take(C::FUNCTIONS.len()).collect();
        let cell = C::new(b, n, d, &sizes, functions)?;
        let (sequence, last) = direction(b, n, &cell, &x, &masks, (d, reverse), &sizes)?;
        sequences.push(sequence);
        for (all, state) in states.iter_mut().zip(last) {
            all.push(state);
        }
    }
    outputs(b, &sequences, &states, batch_first)
}

/// One direction: its outputs `[steps, 1, batch, hidden]`, and its states at the end of each sequence, `[1, batch,
/// hidden]`.
fn direction<C: Cell>(
    b: &mut Builder,
    n: &Node,
    cell: &C,
    x: &Value,
    masks: &[Option<Value>],
    side: (usize, bool),
    sizes: &Sizes,
) -> Result<(Value, Vec<Value>)> {
    let (d, reverse) = side;
    let mut states = Vec::with_capacity(C::STATES);
    for i in 0..C::STATES {
        states.push(initial(b, n.maybe(5 + i), d, sizes)?);
    }
    let pieces = cell.pieces();
    let projected = projected(b, cell, x, pieces.iter().sum(), sizes)?;
    let inputs = split(b, &projected, 0, &pieces.repeat(sizes.steps))?;
    let mut sequence: Vec<Value> = Vec::with_capacity(sizes.steps);
    for k in 0..sizes.steps {
        let t = if reverse { sizes.steps - 1 - k } else { k };
        let at = inputs.chunks(pieces.len()).nth(t).unwrap_or_default();
        let mut next = cell.step(b, at, &states)?;
        let mut output = one(&next, 0)?.clone();
        if let Some(Some(mask)) = masks.get(t) {
            for (new, old) in next.iter_mut().zip(&states) {
                *new = b.select(mask, new, old)?;
            }
            output = b.keep_where(mask, &output)?;
        }
        sequence.push(output);
        states = next;
    }
    if reverse {
        sequence.reverse();
    }
    let all = b.concat(&sequence, 0)?;
    let all = b.reshape(&all, &[sizes.steps, 1, sizes.hidden, sizes.batch])?;
    for state in &mut states {
        *state = b.reshape(state, &[1, sizes.hidden, sizes.batch])?;
        *state = b.flip_last(state);
    }
    Ok((b.flip_last(&all), states))
}

/// What the inputs of all steps contribute to `gates` rows each, `[steps * gates, batch]`.
fn projected<C: Cell>(
    b: &mut Builder,
    cell: &C,
    x: &Value,
    gates: usize,
    sizes: &Sizes,
) -> Result<Value> {
    let rows = b.reshape(x, &[sizes.steps * sizes.batch, sizes.input])?;
    let made = cell.project(b, &rows)?;
    let made = b.reshape(&made, &[sizes.steps, sizes.batch, gates])?;
    let made = b.flip_last(&made);
    b.reshape(&made, &[sizes.steps * gates, sizes.batch])
}

/// The state before the first step, `[hidden, batch]`.
fn initial(b: &mut Builder, state: Option<&Value>, d: usize, sizes: &Sizes) -> Result<Value> {
    let Some(state) = state else {
        let zeros = vec![0.0; sizes.hidden * sizes.batch];
        return Ok(b.tensor(Tensor::floats(&[sizes.hidden, sizes.batch], &zeros)));
    };
    if state.rank() != 3 {
        return Err(wrong(
            "an initial state that has not three dimensions".into(),
        ));
    }
    let state = if sizes.batch_first {
        b.transpose(state, &[1, 0, 2])
    } else {
        state.clone()
    };
    let own = rows(b, &state, d, d + 1)?;
    let own = b.reshape(&own, &[sizes.batch, sizes.hidden])?;
    Ok(b.flip_last(&own))
}

/// For each step which sequences it is part of, `[batch]`; `None` where it is of all.
fn masks(b: &mut Builder, n: &Node, sizes: &Sizes) -> Result<Vec<Option<Value>>> {
    let Some(lengths) = n.maybe(4) else {
        return Ok(vec![None; sizes.steps]);
    };
    let known = b.integers(lengths).ok();
    let shortest = known.and_then(|l| l.into_iter().min()).unwrap_or(0);
    let lengths = b.cast(lengths, Elem::I64);
    let lengths = b.reshape(&lengths, &[sizes.batch])?;
    let mut masks = Vec::with_capacity(sizes.steps);
    for t in 0..sizes.steps as i64 {
        masks.push(if t < shortest {
            None
        } else {
            let t = b.tensor(Tensor::ints(&[], &[t]));
            Some(b.compare("Greater", &lengths, &t)?)
        });
    }
    Ok(masks)
}

/// What the operator yields: all outputs, and each state at the end.
fn outputs(
    b: &mut Builder,
    sequences: &[Value],
    states: &[Vec<Value>],
    batch_first: bool,
) -> Result<Vec<Value>> {
    let mut made = vec![b.concat(sequences, 1)?];
    for state in states {
        made.push(b.concat(state, 0)?);
    }
    if batch_first {
        for (i, value) in made.iter_mut().enumerate() {
            let order: &[usize] = if i == 0 { &[2, 0, 1, 3] } else { &[1, 0, 2] };
            *value = b.transpose(value, order);
        }
    }
    Ok(made)
}

/// Rows `start..end` of `x`, along its first dimension. Those of a constant are a constant at once, which steps can
/// share whatever they make of it.
fn rows(b: &mut Builder, x: &Value, start: usize, end: usize) -> Result<Value> {
    let count = x.shape.first().copied().unwrap_or(0);
    if end > count {
        return Err(wrong(format!("weights of {:?} are too small", x.shape)));
    }
    if let Some(tensor) = b.constant(x) {
        let row = tensor.bytes().len() / count.max(1);
        let own = tensor.bytes()[start * row..end * row].to_vec();
        let shape = [&[end - start], &x.shape[1..]].concat();
        let part = Tensor::new(x.elem, shape, own)?;
        return Ok(b.tensor(part));
    }
    Ok(b.slice(x, &[0], &[start], &[end], &[1]))
}

/// `x` cut along `axis` into pieces of `lengths`, which have to make it up.
pub(super) fn split(
    b: &mut Builder,
    x: &Value,
    axis: usize,
    lengths: &[usize],
) -> Result<Vec<Value>> {
    let total = lengths
        .iter()
        .try_fold(0_usize, |sum, &l| sum.checked_add(l));
    if total.is_none() || x.shape.get(axis).copied() != total {
        return Err(wrong(format!(
            "{:?} cannot be cut into {lengths:?}",
            x.shape
        )));
    }
    if lengths.len() == 1 {
        return Ok(vec![x.clone()]);
    }
    let shape = |&length: &usize| [&x.shape[..axis], &[length], &x.shape[axis + 1..]].concat();
    let shapes: Vec<Vec<usize>> = lengths.iter().map(shape).collect();
    let makes: Vec<(Elem, &[usize])> = shapes.iter().map(|s| (x.elem, s.as_slice())).collect();
    let list: Vec<i64> = lengths.iter().map(|&l| l as i64).collect();
    let list = b.ints(&list);
    let axis = int("axis", axis as i64);
    Ok(b.nodes("Split", &[Some(x), Some(&list)], vec![axis], &makes))
}

fn one(values: &[Value], i: usize) -> Result<&Value> {
    values
        .get(i)
        .ok_or_else(|| wrong("a state is missing".into()))
}
