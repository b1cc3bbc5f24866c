//! Parts put between each other, as an operator.

use super::super::weave::{Part, Weave};
use super::{Work, each, input, output, wrong};
use ort::operator::{ComputeContext, KernelContext};

/// Parts, with their attributes.
pub fn weave(about: &KernelContext<'_>) -> ort::Result<Work> {
    let none = || ort::Error::new("no parts of this operator");
    let numbers: Vec<i64> = about.get("weave").ok_or_else(none)?;
    let channels: i64 = about.get("channels").ok_or_else(none)?;
    let channels = usize::try_from(channels).map_err(|_| none())?;
    // The last of the parts that is asked for.
    let parts = numbers.iter().skip(8).step_by(3).max();
    let parts = parts.and_then(|n| usize::try_from(n + 1).ok());
    let parts = parts.ok_or_else(none)?;
    let weave = Weave::decode(&numbers, parts).ok_or_else(none)?;
    if weave.packed == 0 && !channels.is_multiple_of(weave.lanes) {
        return Err(none());
    }
    Ok(Box::new(move |run| compute(&weave, channels, parts, run)))
}

fn compute(weave: &Weave, channels: usize, count: usize, run: &ComputeContext) -> ort::Result<()> {
    let values = (0..count).map(|n| input(run, n));
    let values = values.collect::<ort::Result<Vec<_>>>()?;
    // Channels of a part, as they lie in memory.
    let of_part = match weave.packed {
        0 => channels,
        packed => (packed * weave.parts.len()).next_multiple_of(weave.lanes),
    };
    let mut parts = Vec::with_capacity(count);
    let mut of_first = None;
    for value in &values {
        let (shape, values) = value.try_extract_tensor::<f32>()?;
        let &[rows, _, high, wide] = &shape[..] else {
            return Err(wrong());
        };
        let rows = *of_first.get_or_insert(rows.max(0) as usize);
        let places = [high, wide].map(|n| n.max(0) as usize);
        if values.len() != rows * of_part * places[0] * places[1] {
            return Err(wrong());
        }
        parts.push(Part { values, places });
    }
    let rows = of_first.ok_or_else(wrong)?;
    let places: Vec<[usize; 2]> = parts.iter().map(|part| part.places).collect();
    if !weave.fits(&places) {
        return Err(wrong());
    }
    let [high, wide] = weave.to.map(|n| n as i64);
    let mut made = output(run, 0, vec![rows as i64, channels as i64, high, wide])?;
    let (_, made) = made.try_extract_tensor_mut::<f32>()?;
    each(run, made.chunks_mut(weave.len_to()), |n, into| {
        weave.plane(&parts, n, into);
    })
}
