//! Operators over windows, taken back.

use super::super::windows::Windows;
use super::super::{spread, unpool};
use super::{Work, each, input, output, wrong};
use ort::operator::{ComputeContext, KernelContext};

fn sizes(about: &KernelContext<'_>) -> ort::Result<Windows> {
    let none = || ort::Error::new("no windows of this operator");
    let numbers: Vec<i64> = about.get("sizes").ok_or_else(none)?;
    Windows::decode(&numbers).ok_or_else(none)
}

/// Rows and channels, as they lie in memory, of blocked values of this shape.
fn rows_and_channels(shape: &[i64], lanes: usize) -> ort::Result<[usize; 2]> {
    let &[rows, channels, _, _] = shape else {
        return Err(wrong());
    };
    let [rows, channels] = [rows, channels].map(|n| n.max(0) as usize);
    if channels.is_multiple_of(lanes) {
        Ok([rows, channels])
    } else {
        Err(wrong())
    }
}

/// Makes what the windows were of, plane by plane.
fn planes(
    run: &ComputeContext,
    sizes: Windows,
    [rows, channels]: [usize; 2],
    of: impl Fn(usize, &mut [f32]) + Sync + Send,
) -> ort::Result<()> {
    let [high, wide] = sizes.to.map(|size| size as i64);
    let mut made = output(run, 0, vec![rows as i64, channels as i64, high, wide])?;
    let (_, made) = made.try_extract_tensor_mut::<f32>()?;
    each(run, made.chunks_mut(sizes.len_to()), of)
}

/// A depthwise convolution taken back, with its sizes.
pub fn spread(about: &KernelContext<'_>) -> ort::Result<Work> {
    let sizes = sizes(about)?;
    Ok(Box::new(move |run| compute_spread(sizes, run)))
}

fn compute_spread(sizes: Windows, run: &ComputeContext) -> ort::Result<()> {
    let [values, weights] = [input(run, 0)?, input(run, 1)?];
    let (shape, values) = values.try_extract_tensor::<f32>()?;
    let (_, weights) = weights.try_extract_tensor::<f32>()?;
    let [rows, channels] = rows_and_channels(shape, sizes.lanes)?;
    let groups = channels / sizes.lanes;
    let (from, kernel) = (sizes.len_from(), sizes.taps() * sizes.lanes);
    if rows * groups * from != values.len() || groups * kernel != weights.len() {
        return Err(wrong());
    }
    planes(run, sizes, [rows, channels], |n, into| {
        let weights = &weights[n % groups * kernel..][..kernel];
        spread::spread(sizes, &values[n * from..][..from], weights, into);
    })
}

/// A maximum over windows taken back, with its sizes.
pub fn unpool(about: &KernelContext<'_>) -> ort::Result<Work> {
    let sizes = sizes(about)?;
    Ok(Box::new(move |run| compute_unpool(sizes, run)))
}

fn compute_unpool(sizes: Windows, run: &ComputeContext) -> ort::Result<()> {
    let [values, most, from] = [input(run, 0)?, input(run, 1)?, input(run, 2)?];
    let (shape, values) = values.try_extract_tensor::<f32>()?;
    let (_, most) = most.try_extract_tensor::<f32>()?;
    let (_, from) = from.try_extract_tensor::<f32>()?;
    let [rows, channels] = rows_and_channels(shape, sizes.lanes)?;
    let count = rows * channels / sizes.lanes;
    let (whole, part) = (sizes.len_to(), sizes.len_from());
    if count * whole != values.len() || [most.len(), from.len()] != [count * part; 2] {
        return Err(wrong());
    }
    planes(run, sizes, [rows, channels], |n, into| {
        let [most, from] = [most, from].map(|of| &of[n * part..][..part]);
        unpool::unpool(sizes, &values[n * whole..][..whole], most, from, into);
    })
}
