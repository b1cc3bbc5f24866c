//! The operators of our own, as ONNX Runtime runs them.

use super::program::Program;
use super::run::{BLOCK, Runner, Values};
use super::spread::Spread;
use crate::task::contained;
use ort::operator::{
    BoxedKernel, ComputeContext, KernelContext, Operator, OperatorDomain, OperatorInput,
    OperatorOutput,
};
use ort::value::{TensorElementType, ValueRef, ValueRefMut};
use std::sync::Mutex;

/// The domain of the operators.
pub const DOMAIN: &str = "nearmiss";
/// A [`Program`] over values of one shape: attributes `steps`, `planes` (which inputs hold one value for each channel of
/// each row) and `lanes` (channels that lie beside each other).
pub const FUSED: &str = "Fused";
/// A depthwise convolution taken back: [`Spread`].
pub const SPREAD: &str = "Spread";

/// The operators, for one session.
pub fn domain() -> ort::Result<OperatorDomain> {
    OperatorDomain::new(DOMAIN)?
        .add(FusedOperator)?
        .add(SpreadOperator)
}

struct FusedOperator;

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
        // Values of a plane, all its lanes.
        let plane = match shape.get(..) {
            Some(&[_, _, high, wide]) => (high * wide).max(0) as usize * self.lanes,
            _ => count,
        };
        for ((_, values), &is_plane) in tensors.iter().zip(&self.planes) {
            let right = if is_plane {
                plane > 0 && values.len() * plane == count * self.lanes
            } else {
                values.len() == count
            };
            if !right {
                return Err(wrong());
            }
        }
        let mut made = output(run, 0, shape.to_vec())?;
        let (_, made) = made.try_extract_tensor_mut::<f32>()?;
        let piece = count.div_ceil(64).max(PIECE).next_multiple_of(BLOCK);
        let parts = made.chunks_mut(piece);
        let parts: Vec<_> = parts.map(|part| Mutex::new(Some(part))).collect();
        let lanes = self.lanes;
        let inputs = tensors.iter().zip(&self.planes).map(|(&(_, values), &is)| {
            if is {
                Values::Planes {
                    values,
                    plane,
                    lanes,
                }
            } else {
                Values::Whole(values)
            }
        });
        let inputs: Vec<Values<'_>> = inputs.collect();
        each(run, parts.len(), |n| {
            if let Some(part) = taken(&parts[n]) {
                self.runner.run(n * piece, &inputs, part);
            }
        })
    }
}

struct SpreadOperator;

impl Operator for SpreadOperator {
    type Kernel<'attr> = BoxedKernel<'attr>;

    fn name(&self) -> &'static str {
        SPREAD
    }

    fn inputs(&self) -> impl IntoIterator<Item = OperatorInput> {
        [
            OperatorInput::required(TensorElementType::Float32),
            OperatorInput::required(TensorElementType::Float32),
        ]
    }

    fn outputs(&self) -> impl IntoIterator<Item = OperatorOutput> {
        [OperatorOutput::required(TensorElementType::Float32)]
    }

    fn create_kernel<'attr>(
        &self,
        about: &KernelContext<'attr>,
    ) -> ort::Result<BoxedKernel<'attr>> {
        let wrong = || ort::Error::new("no convolution of this operator");
        let numbers: Vec<i64> = about.get("sizes").ok_or_else(wrong)?;
        let spread = Spread::decode(&numbers).ok_or_else(wrong)?;
        Ok(Box::new(move |run: &ComputeContext| {
            safely(|| compute_spread(&spread, run))
        }))
    }
}

fn compute_spread(spread: &Spread, run: &ComputeContext) -> ort::Result<()> {
    let [values, weights] = [input(run, 0)?, input(run, 1)?];
    let (shape, values) = values.try_extract_tensor::<f32>()?;
    let (_, weights) = weights.try_extract_tensor::<f32>()?;
    let wrong = || ort::Error::new("values of another shape than the operator was made for");
    let &[rows, channels, _, _] = &shape[..] else {
        return Err(wrong());
    };
    let [high, wide] = spread.to.map(|size| size as i64);
    let channels_here = channels.max(0) as usize;
    let planes = rows.max(0) as usize * channels_here / spread.lanes;
    if planes * spread.len_from() != values.len()
        || channels_here * spread.taps() != weights.len()
        || !channels_here.is_multiple_of(spread.lanes)
    {
        return Err(wrong());
    }
    let mut made = output(run, 0, vec![rows, channels, high, wide])?;
    let (_, made) = made.try_extract_tensor_mut::<f32>()?;
    if made.is_empty() {
        return Ok(());
    }
    let parts: Vec<_> = made
        .chunks_mut(spread.len_to())
        .map(|part| Mutex::new(Some(part)))
        .collect();
    let groups = channels_here / spread.lanes;
    each(run, parts.len(), |n| {
        if let Some(into) = taken(&parts[n]) {
            let from = &values[n * spread.len_from()..][..spread.len_from()];
            let size = spread.taps() * spread.lanes;
            let weights = &weights[n % groups * size..][..size];
            spread.plane(from, weights, into);
        }
    })
}

/// `of` for every number below `count`, on the threads that the run has.
fn each(run: &ComputeContext, count: usize, of: impl Fn(usize) + Sync + Send) -> ort::Result<()> {
    if count < 2 {
        (0..count).for_each(of);
        return Ok(());
    }
    run.par_for(count, 0, of)
}

/// What is in `slot`, once.
fn taken<T>(slot: &Mutex<Option<T>>) -> Option<T> {
    slot.lock().ok()?.take()
}

fn input(run: &ComputeContext, n: usize) -> ort::Result<ValueRef<'_>> {
    run.input(n)?
        .ok_or_else(|| ort::Error::new("an input is missing"))
}

fn output(run: &ComputeContext, n: usize, shape: Vec<i64>) -> ort::Result<ValueRefMut<'_>> {
    let value = run.output(n, shape)?;
    value.ok_or_else(|| ort::Error::new("an output is missing"))
}

/// A panic must not reach the engine.
fn safely(work: impl FnOnce() -> ort::Result<()>) -> ort::Result<()> {
    contained(work).map_err(ort::Error::new)?
}
