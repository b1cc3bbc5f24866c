//! How windows slide over the spatial axes of a convolution or a pooling.

use crate::error::Result;
use crate::onnx::node::Attributes;
use crate::onnx::{Builder, Node, Value, wrong};

/// A pooling's window has at most this many taps, and along one axis all its windows together.
const MOST: f64 = 1e8;

/// One spatial axis: `out` windows of `kernel` taps slide over `size` elements with padding around them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::rules) struct Axis {
    pub size: usize,
    pub out: usize,
    pub kernel: usize,
    pub stride: usize,
    pub dilation: usize,
    pub before: usize,
    pub after: usize,
}

impl Axis {
    /// Elements from the first tap of a window to its last.
    pub fn extent(&self) -> usize {
        self.dilation * self.kernel.saturating_sub(1) + 1
    }

    /// The padding at the end that the last window just fills; negative where elements at the end are in no window.
    pub fn tail(&self) -> i64 {
        let last = (self.out as i64 - 1) * self.stride as i64;
        last + self.extent() as i64 - self.before as i64 - self.size as i64
    }
}

/// The axes of the pooling `n` from its first input to its first output.
pub(in crate::rules) fn pooling(b: &mut Builder, n: &Node) -> Result<Vec<Axis>> {
    let y = n.output(0)?;
    let kernel = n
        .ints("kernel_shape")
        .ok_or_else(|| wrong("it has no kernel_shape".into()))?;
    let kernel = limited(kernel, 1, "kernel_shape")?;
    let axes = axes(n, spatial(n.input(0)?)?, spatial(y)?, &kernel)?;
    // Each tap of each window may be looked at.
    let taps = axes.iter().map(|a| a.kernel as f64).product::<f64>();
    if taps > MOST || axes.iter().any(|a| a.kernel as f64 * a.out as f64 > MOST) {
        return Err(wrong(format!("its window {kernel:?} is too large")));
    }
    // ONNX Runtime drops a last window that would start in the padding at the end, but not where it infers shapes,
    // so that it would find ours inconsistent with its own. Rounding down says the same without that doubt.
    let needless = axes.iter().all(|a| a.tail() <= a.after as i64);
    if needless && n.int_or("ceil_mode", 0) != 0 {
        let nodes = &mut b.graph_mut().nodes;
        for node in nodes
            .iter_mut()
            .filter(|n| n.output.first().is_some_and(|o| **o == *y.name))
        {
            node.attribute.retain(|a| a.name != "ceil_mode");
        }
    }
    Ok(axes)
}

/// The axes of the convolution `n` from `x` to `y` with the weights `w`.
pub(in crate::rules) fn convolution(
    n: &Node,
    x: &Value,
    y: &Value,
    w: &Value,
) -> Result<Vec<Axis>> {
    axes(n, spatial(x)?, spatial(y)?, spatial(w)?)
}

/// The axes of the transposed convolution `n` from `x` to `y`, as those of the convolution from `y` to `x`.
pub(in crate::rules) fn transposed(n: &Node, x: &Value, y: &Value, w: &Value) -> Result<Vec<Axis>> {
    let mut axes = axes(n, spatial(y)?, spatial(x)?, spatial(w)?)?;
    let more = list(n, "output_padding", axes.len(), 0, 0)?;
    let auto = n.text_or("auto_pad", "NOTSET");
    if n.ints("output_shape").is_some() || auto.starts_with("SAME") {
        for (axis, more) in axes.iter_mut().zip(more) {
            axis.before = 0;
            let total = usize::try_from(axis.tail().saturating_add(more as i64)).unwrap_or(0);
            // An odd one is at the end for SAME_UPPER alone.
            axis.before = if auto == "SAME_UPPER" {
                total / 2
            } else {
                total.div_ceil(2)
            };
            axis.after = total - axis.before;
        }
    }
    Ok(axes)
}

/// The axes of the blocks of `kernel` taps that the `Col2Im` `n` lays over the image `y`.
pub(in crate::rules) fn blocks(n: &Node, y: &Value, kernel: &[i64]) -> Result<Vec<Axis>> {
    let size = spatial(y)?;
    let mut axes = axes(n, size, &vec![1; size.len()], &limited(kernel, 1, "block")?)?;
    for axis in &mut axes {
        let room = (axis.size + axis.before + axis.after).checked_sub(axis.extent());
        let room = room.ok_or_else(|| wrong("a block of it is larger than the image".into()))?;
        axis.out = room / axis.stride + 1;
    }
    Ok(axes)
}

fn spatial(v: &Value) -> Result<&[usize]> {
    let dims = v.shape.get(2..).filter(|d| !d.is_empty());
    dims.ok_or_else(|| {
        wrong(format!(
            "a value of {:?} has no spatial dimensions",
            v.shape
        ))
    })
}

fn axes(n: &Node, size: &[usize], out: &[usize], kernel: &[usize]) -> Result<Vec<Axis>> {
    let rank = size.len();
    if out.len() != rank || kernel.len() != rank {
        return Err(wrong(
            "input, output and window differ in their number of dimensions".into(),
        ));
    }
    let strides = list(n, "strides", rank, 1, 1)?;
    let dilations = list(n, "dilations", rank, 1, 1)?;
    let auto = n.text_or("auto_pad", "NOTSET");
    let pads = match auto {
        "NOTSET" | "" => list(n, "pads", 2 * rank, 0, 0)?,
        _ => vec![0; 2 * rank],
    };
    let mut axes = Vec::with_capacity(rank);
    for i in 0..rank {
        let mut axis = Axis {
            size: size[i],
            out: out[i],
            kernel: kernel[i],
            stride: strides[i],
            dilation: dilations[i],
            before: pads[i],
            after: pads[rank + i],
        };
        if [axis.size, axis.out, axis.kernel]
            .iter()
            .any(|&d| d == 0 || i32::try_from(d).is_err())
        {
            return Err(wrong("a dimension of it is empty or very large".into()));
        }
        if auto.starts_with("SAME") {
            let total = usize::try_from(axis.tail()).unwrap_or(0);
            axis.before = if auto == "SAME_LOWER" {
                total.div_ceil(2)
            } else {
                total / 2
            };
            axis.after = total - axis.before;
        }
        axes.push(axis);
    }
    Ok(axes)
}

/// `count` integers of the attribute `name`, all `default` where it is left out.
fn list(n: &Node, name: &str, count: usize, default: usize, least: usize) -> Result<Vec<usize>> {
    match n.ints(name) {
        None | Some([]) => Ok(vec![default; count]),
        Some(values) if values.len() == count => limited(values, least, name),
        Some(values) => Err(wrong(format!(
            "{name} has {} values instead of {count}",
            values.len()
        ))),
    }
}

/// `values` as sizes: so large that sums of their products cannot overflow they are nonsense.
fn limited(values: &[i64], least: usize, name: &str) -> Result<Vec<usize>> {
    let size = |&v: &i64| {
        i32::try_from(v)
            .ok()
            .and_then(|v| usize::try_from(v).ok())
            .filter(|&v| v >= least)
    };
    let sizes: Option<Vec<usize>> = values.iter().map(size).collect();
    sizes.ok_or_else(|| wrong(format!("its {name} {values:?} is out of range")))
}
