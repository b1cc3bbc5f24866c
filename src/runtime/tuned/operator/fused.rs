//! Elementwise work as an operator.

use super::super::planes::Planes;
use super::super::program::Program;
use super::super::run::{BLOCK, Runner, Values};
use super::{FUSED, each, input, output, safely};
use ort::operator::{
    BoxedKernel, ComputeContext, KernelContext, Operator, OperatorInput, OperatorOutput,
};
use ort::value::TensorElementType;

pub struct FusedOperator;

impl Operator for FusedOperator {
    type Kernel<'attr> = BoxedKernel<'attr>;

    fn name(&self) -> &'static str {
        FUSED
    }

    fn inputs(&self) -> impl IntoIterator<Item = OperatorInput> {
        [OperatorInput::variadic(1).homogenous(TensorElementType::Float32)]
    }

    fn outputs(&self) -> impl IntoIterator<Item = OperatorOutput> {
        [OperatorOutput::required(TensorElementType::Float32)]
    }

    fn create_kernel<'attr>(
        &self,
        about: &KernelContext<'attr>,
    ) -> ort::Result<BoxedKernel<'attr>> {
        let wrong = || ort::Error::new("no program of this operator");
        let planes: Vec<i64> = about.get("planes").ok_or_else(wrong)?;
        let code: Vec<i64> = about.get("steps").ok_or_else(wrong)?;
        let lanes: i64 = about.get("lanes").ok_or_else(wrong)?;
        let program = Program::decode(&code, planes.len()).ok_or_else(wrong)?;
        let fused = Fused {
            runner: Runner::new(&program),
            planes: planes.iter().map(|&is| is != 0).collect(),
            lanes: usize::try_from(lanes)
                .ok()
                .filter(|&n| n > 0)
                .ok_or_else(wrong)?,
        };
        if fused.planes.iter().all(|&is| is) {
            return Err(wrong());
        }
        Ok(Box::new(move |run: &ComputeContext| {
            safely(|| fused.compute(run))
        }))
    }
}

struct Fused {
    runner: Runner,
    /// Which inputs hold one value for each channel of each row.
    planes: Vec<bool>,
    /// Channels that lie beside each other.
    lanes: usize,
}

/// Values that one thread takes at least: handing them over takes some microseconds.
const PIECE: usize = 32 * BLOCK;

impl Fused {
    fn compute(&self, run: &ComputeContext) -> ort::Result<()> {
        let values = (0..self.planes.len()).map(|n| input(run, n));
        let values = values.collect::<ort::Result<Vec<_>>>()?;
        let mut tensors = Vec::with_capacity(values.len());
        for value in &values {
            tensors.push(value.try_extract_tensor::<f32>()?);
        }
        let wrong = || ort::Error::new("values of other shapes than the operator was made for");
        let whole = self.planes.iter().position(|&is| !is).ok_or_else(wrong)?;
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
        for (&(_, values), &is_plane) in tensors.iter().zip(&self.planes) {
            inputs.push(if !is_plane && values.len() == count {
                Values::Whole(values)
            } else {
                // One for each channel; those that only fill up the lanes may be left out.
                let given = values.len() / rows.max(1);
                let right = is_plane
                    && plane > 0
                    && given * rows == values.len()
                    && (given == channels || given.next_multiple_of(self.lanes) == channels);
                if !right {
                    return Err(wrong());
                }
                let planes = Planes::new(values, given, plane, self.lanes);
                Values::Planes(planes.ok_or_else(wrong)?)
            });
        }
        let mut made = output(run, 0, shape.to_vec())?;
        let (_, made) = made.try_extract_tensor_mut::<f32>()?;
        let piece = count.div_ceil(64).max(PIECE).next_multiple_of(BLOCK);
        each(run, made.chunks_mut(piece), |n, part| {
            self.runner.run(n * piece, &inputs, part);
        })
    }
}
