//! Elementwise work as an operator.

use super::super::planes::Planes;
use super::super::program::Program;
use super::super::run::{BLOCK, Runner, Values};
use super::super::units::Over;
use super::{Work, each, input, output, wrong};
use ort::operator::{ComputeContext, KernelContext};

/// A program, with its attributes.
pub fn fused(about: &KernelContext<'_>) -> ort::Result<Work> {
    let none = || ort::Error::new("no program of this operator");
    let over: Vec<i64> = about.get("over").ok_or_else(none)?;
    let code: Vec<i64> = about.get("steps").ok_or_else(none)?;
    let lanes: i64 = about.get("lanes").ok_or_else(none)?;
    let program = Program::decode(&code, over.len()).ok_or_else(none)?;
    let fused = Fused {
        runner: Runner::new(&program),
        over: over
            .iter()
            .map(|&n| Over::ALL.get(usize::try_from(n).ok()?).copied())
            .collect::<Option<_>>()
            .ok_or_else(none)?,
        lanes: usize::try_from(lanes)
            .ok()
            .filter(|&n| n > 0)
            .ok_or_else(none)?,
    };
    if !fused.over.iter().any(|over| over.is_one()) {
        return Err(none());
    }
    Ok(Box::new(move |run| fused.compute(run)))
}

struct Fused {
    runner: Runner,
    /// How each input is read.
    over: Vec<Over>,
    /// Channels that lie beside each other.
    lanes: usize,
}

/// Values that one thread takes at least: handing them over takes some microseconds.
const PIECE: usize = 32 * BLOCK;

impl Fused {
    fn compute(&self, run: &ComputeContext) -> ort::Result<()> {
        let values = (0..self.over.len()).map(|n| input(run, n));
        let values = values.collect::<ort::Result<Vec<_>>>()?;
        let mut tensors = Vec::with_capacity(values.len());
        for value in &values {
            tensors.push(value.try_extract_tensor::<f32>()?);
        }
        let whole = self
            .over
            .iter()
            .position(|over| over.is_one())
            .ok_or_else(wrong)?;
        let (shape, first) = &tensors[whole];
        let count = first.len();
        // Channels as they lie in memory, and values of a plane, all its lanes.
        let (rows, channels, plane) = match shape.get(..) {
            Some(&[rows, channels, high, wide]) => {
                let [rows, channels, high, wide] =
                    [rows, channels, high, wide].map(|n| n.max(0) as usize);
                (rows, channels, high * wide * self.lanes)
            }
            _ => (1, self.lanes, count),
        };
        let mut inputs = Vec::with_capacity(tensors.len());
        let last = shape.last().map_or(1, |&n| n.max(0) as usize);
        // Channels that only fill up the lanes may be left out.
        let fits =
            |n: usize| n > 0 && (n == channels || n.next_multiple_of(self.lanes) == channels);
        for (&(_, values), over) in tensors.iter().zip(&self.over) {
            let given = values.len();
            let (right, read) = match over {
                Over::One => (given == count, Some(Values::Whole(values))),
                Over::Plane => {
                    // Of each row, or of all: channels fill most of the lanes, so that it cannot be both.
                    let of_row = if fits(given) {
                        given
                    } else {
                        given / rows.max(1)
                    };
                    let right =
                        fits(of_row) && plane > 0 && (of_row == given || of_row * rows == given);
                    let read = Planes::new(values, of_row, plane, self.lanes);
                    (right, read.map(Values::Planes))
                }
                Over::Last => (
                    last > 0 && given * last == count,
                    Planes::new(values, given, last, 1).map(Values::Planes),
                ),
                Over::First => (
                    given > 0 && count.is_multiple_of(given),
                    Some(Values::Again(values)),
                ),
            };
            // Of nothing, nothing is read.
            inputs.push(read.filter(|_| right || count == 0).ok_or_else(wrong)?);
        }
        let mut made = output(run, 0, shape.to_vec())?;
        let (_, made) = made.try_extract_tensor_mut::<f32>()?;
        let piece = count.div_ceil(64).max(PIECE).next_multiple_of(BLOCK);
        each(run, made.chunks_mut(piece), |n, part| {
            self.runner.run(n * piece, &inputs, part);
        })
    }
}
