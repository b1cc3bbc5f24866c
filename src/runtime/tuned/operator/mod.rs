//! The operators of our own, as ONNX Runtime runs them.

mod fused;
mod weave;
mod windowed;

use crate::task::contained;
use ort::operator::{
    BoxedKernel, ComputeContext, KernelContext, Operator, OperatorDomain, OperatorInput,
    OperatorOutput,
};
use ort::value::{TensorElementType, ValueRef, ValueRefMut};
use std::sync::{Mutex, OnceLock};

/// The domain of the operators.
pub const DOMAIN: &str = "nearmiss";
/// A [`Program`](super::program::Program) over values of one shape: attributes `steps`, `over` (how each input is read:
/// [`Over`](super::units::Over)) and `lanes` (channels that lie beside each other).
pub const FUSED: &str = "Fused";
/// A depthwise convolution taken back ([`super::spread`]): attribute `sizes` ([`Windows`](super::windows::Windows)).
pub const SPREAD: &str = "Spread";
/// The maximum over windows taken back ([`super::unpool`]): attribute `sizes`.
pub const UNPOOL: &str = "Unpool";
/// Parts put between each other: attributes `weave` ([`Weave`](super::weave::Weave)) and `channels`, as many as what is made has in
/// memory.
pub const WEAVE: &str = "Weave";

/// The operators, for one session.
pub fn domain() -> ort::Result<OperatorDomain> {
    let own = |name, inputs, work| Own { name, inputs, work };
    OperatorDomain::new(DOMAIN)?
        .add(own(FUSED, None, fused::fused))?
        .add(own(SPREAD, Some(2), windowed::spread))?
        .add(own(UNPOOL, Some(3), windowed::unpool))?
        .add(own(WEAVE, None, weave::weave))
}

/// What an operator does in a run.
type Work = Box<dyn Fn(&ComputeContext) -> ort::Result<()> + Send + Sync>;
/// What an operator does in a graph where it has these attributes.
type Prepare = fn(&KernelContext<'_>) -> ort::Result<Work>;

/// An operator that makes one value of float32 of others.
struct Own {
    name: &'static str,
    /// How many it reads; any number where there is none.
    inputs: Option<usize>,
    work: Prepare,
}

impl Operator for Own {
    type Kernel<'attr> = BoxedKernel<'attr>;

    fn name(&self) -> &str {
        self.name
    }

    fn inputs(&self) -> impl IntoIterator<Item = OperatorInput> {
        let float = TensorElementType::Float32;
        match self.inputs {
            Some(count) => (0..count).map(|_| OperatorInput::required(float)).collect(),
            None => vec![OperatorInput::variadic(1).homogenous(float)],
        }
    }

    fn outputs(&self) -> impl IntoIterator<Item = OperatorOutput> {
        [OperatorOutput::required(TensorElementType::Float32)]
    }

    fn create_kernel<'attr>(
        &self,
        about: &KernelContext<'attr>,
    ) -> ort::Result<BoxedKernel<'attr>> {
        let work = (self.work)(about)?;
        Ok(Box::new(move |run: &ComputeContext| safely(|| work(run))))
    }
}

/// Runs `of` on every one of `parts`, on the threads that the run has.
fn each<T: Send>(
    run: &ComputeContext,
    parts: impl Iterator<Item = T>,
    of: impl Fn(usize, T) + Sync + Send,
) -> ort::Result<()> {
    let parts: Vec<_> = parts.map(|part| Mutex::new(Some(part))).collect();
    let failed = OnceLock::new();
    let one = |n: usize| {
        let part = parts[n].lock().ok().and_then(|mut part| part.take());
        if let Some(part) = part
            && let Err(why) = contained(|| of(n, part))
        {
            failed.get_or_init(|| why);
        }
    };
    if parts.len() < 2 {
        (0..parts.len()).for_each(one);
    } else {
        run.par_for(parts.len(), 0, one)?;
    }
    failed
        .into_inner()
        .map_or(Ok(()), |why| Err(ort::Error::new(why)))
}

fn wrong() -> ort::Error {
    ort::Error::new("values of another shape than the operator was made for")
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
