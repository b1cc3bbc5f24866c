//! What of a training must fit the device.

use super::jobs::BLOCK;
use super::lines::COSTS;
use crate::compute::gpu::device::Device;
use crate::compute::train::{HeadShape, KEPT_LOSSES, Plan};
use crate::error::{Error, Result};

/// Refuses a training of which a buffer, or the workgroups along one side, exceed what the device takes.
pub fn check(device: &Device, plan: &Plan) -> Result<()> {
    let (shape, pairs) = (&plan.shape, plan.batch);
    let most = device.wgpu.limits().max_compute_workgroups_per_dimension as usize;
    let fits = |floats: Option<usize>| floats.is_some_and(|floats| bytes_fit(device, floats));
    if !fits(Some(shape.count())) || longest(shape).div_ceil(BLOCK as usize) > most {
        return Err(Error::compute(
            format!(
                "heads of {} weights do not fit the GPU's largest buffer",
                shape.count()
            ),
            "Choose a smaller dimension or width, or use the CPU engine (--compute cpu).",
        ));
    }
    let lines = pairs.checked_mul(2);
    let kept = KEPT_LOSSES.max(COSTS);
    let of_lines = |values: usize| lines.and_then(|lines| lines.checked_mul(values));
    let all = [
        pairs.checked_mul(pairs),
        of_lines(longest(shape)),
        of_lines(kept),
    ];
    if !all.into_iter().all(fits) || pairs > most {
        return Err(Error::compute(
            format!("a batch of {pairs} pairs does not fit the GPU's largest buffer"),
            "Train with smaller batches, or use the CPU engine (--compute cpu).",
        ));
    }
    Ok(())
}

/// Rows, at most `rows`, that pass the heads at once.
pub fn rows_at_once(device: &Device, shape: &HeadShape, rows: usize) -> usize {
    let most = if device.is_software() {
        SOFTWARE_ROWS
    } else {
        ROWS
    };
    let mut at_once = rows.min(most);
    while at_once > 1 && !bytes_fit(device, at_once * longest(shape)) {
        at_once = at_once.div_ceil(2);
    }
    at_once
}

/// Rows that are embedded at once: few enough that a dispatch is short.
const ROWS: usize = 8192;
const SOFTWARE_ROWS: usize = 1024;

/// Values of the longest row in any layer.
fn longest(shape: &HeadShape) -> usize {
    let width = shape.hidden.map_or(0, |hidden| hidden.width);
    shape.columns().max(shape.outputs).max(width)
}

fn bytes_fit(device: &Device, floats: usize) -> bool {
    let bytes = (floats as u64).checked_mul(size_of::<f32>() as u64);
    // Places in a buffer are counted in 32 bits.
    u32::try_from(floats).is_ok() && bytes.is_some_and(|bytes| bytes <= device.largest_buffer())
}
