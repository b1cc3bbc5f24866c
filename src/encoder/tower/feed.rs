//! Fills the inputs of a model for one run.

use super::layout::Layout;
use super::roles::{Role, fixed};
use crate::onnx::{Dim, Elem, ModelInfo, Port};
use crate::runtime::session::{Data, Feed};
use half::f16;
use half::slice::HalfFloatSliceExt;
use std::borrow::Cow;
use std::collections::HashMap;

/// What one run is about. A tower of one side leaves the other side's part at `None`.
pub(crate) struct Batch<'a> {
    pub rows: usize,
    /// Rows of the other side's inputs, in a model that holds both.
    pub beside: usize,
    /// How the pictures are laid out.
    pub layout: Layout,
    /// The padding's id, where positions count from behind it.
    pub after: Option<i64>,
    /// Tokens per row.
    pub cols: usize,
    /// Channels, height and width of a picture.
    pub picture: [usize; 3],
    /// `[rows, channels, height, width]`.
    pub pixels: Option<&'a [f32]>,
    /// Ids and mask, each `[rows, cols]`.
    pub tokens: Option<(&'a [i64], &'a [i64])>,
}

/// All inputs of `model`; `main` is the index of the one that takes the pictures or ids. What belongs to the other
/// tower of a file that holds both gets one blank row.
pub(crate) fn feeds<'a>(
    model: &'a ModelInfo,
    roles: &[Role],
    main: usize,
    batch: &Batch<'a>,
) -> Vec<Feed<'a>> {
    let given = main_shape(&model.inputs[main], batch);
    let bound: HashMap<&str, usize> = model.inputs[main]
        .dims
        .iter()
        .zip(&given)
        .filter_map(|(dim, &size)| match dim {
            Dim::Named(name) => Some((name.as_str(), size)),
            _ => None,
        })
        .collect();
    let feed = |(i, (port, &role)): (usize, (&'a Port, &Role))| {
        let shape = if i == main {
            given.clone()
        } else {
            other_shape(port, role, &bound, batch)
        };
        Feed {
            name: &port.name,
            data: data(port.elem, role, &shape, batch),
            shape,
        }
    };
    model
        .inputs
        .iter()
        .zip(roles)
        .enumerate()
        .map(feed)
        .collect()
}

fn main_shape(port: &Port, batch: &Batch<'_>) -> Vec<usize> {
    let [channels, height, width] = batch.picture;
    match (batch.tokens, port.dims.len()) {
        (None, _) => batch.layout.shape(batch.rows, [channels, height, width]),
        (Some(_), 1) if takes_one_text(port) => vec![batch.cols],
        (Some(_), 1) if port.has_shape => vec![batch.rows],
        (Some(_), _) => vec![batch.rows, batch.cols],
    }
}

/// Does an input of one dimension take the tokens of one text, rather than one id for each of several?
pub(crate) fn takes_one_text(port: &Port) -> bool {
    port.has_shape
        && match port.dims.as_slice() {
            [Dim::Fixed(n)] => *n > 1,
            [Dim::Named(name)] => {
                let name = name.to_lowercase();
                ["seq", "length", "token"].iter().any(|w| name.contains(w))
            }
            _ => false,
        }
}

/// A dimension is what the model fixes, else what the main input gave to its name, else what its place suggests.
fn other_shape(
    port: &Port,
    role: Role,
    bound: &HashMap<&str, usize>,
    batch: &Batch<'_>,
) -> Vec<usize> {
    let picture = port.dims.len() == 4;
    let alone = batch.tokens.is_some() && port.dims.len() == 1 && batch.rows == 1;
    let beside_text = batch.tokens.is_some() && !picture && role != Role::Pixels;
    let usual = |axis: usize| match axis {
        0 if beside_text && alone => batch.cols,
        0 if beside_text => batch.rows,
        0 => batch.beside,
        1 if beside_text => batch.cols,
        1..=3 if picture => batch.picture[axis - 1],
        _ => 1,
    };
    let size = |(axis, dim): (usize, &Dim)| match dim {
        Dim::Fixed(size) => *size,
        Dim::Named(name) => bound
            .get(name.as_str())
            .copied()
            .unwrap_or_else(|| usual(axis)),
        Dim::Unknown => usual(axis),
    };
    port.dims.iter().enumerate().map(size).collect()
}

fn data<'a>(elem: Elem, role: Role, shape: &[usize], batch: &Batch<'a>) -> Data<'a> {
    let count: usize = shape.iter().product();
    match (role, batch.pixels, batch.tokens) {
        (Role::Pixels, Some(pixels), _) => {
            floats(batch.layout.arranged(pixels, batch.picture), elem)
        }
        (Role::Ids, _, Some((ids, _))) => integers(ids, elem),
        (Role::Mask, _, Some((_, mask))) if mask.len() == count => integers(mask, elem),
        (Role::Mask, ..) => integers(&vec![1; count], elem),
        (Role::Positions, _, Some((_, mask))) if batch.after.is_some() && mask.len() == count => {
            integers(&behind(mask, batch.cols, batch.after.unwrap_or(0)), elem)
        }
        (Role::Positions, ..) => {
            let length = shape.last().copied().unwrap_or(1).max(1);
            integers(
                &(0..count).map(|i| (i % length) as i64).collect::<Vec<_>>(),
                elem,
            )
        }
        _ => integers(&vec![0; count], elem),
    }
}

/// Positions as `RoBERTa` counts them: from behind the padding's id, which padding itself keeps.
fn behind(mask: &[i64], cols: usize, pad: i64) -> Vec<i64> {
    let row = |row: &[i64]| {
        let mut at = pad;
        row.iter()
            .map(|&m| {
                at += i64::from(m != 0);
                if m == 0 { pad } else { at }
            })
            .collect::<Vec<_>>()
    };
    mask.chunks_exact(cols.max(1)).flat_map(row).collect()
}

fn floats(values: Cow<'_, [f32]>, elem: Elem) -> Data<'_> {
    match elem {
        Elem::F16 => {
            let mut halves = vec![f16::ZERO; values.len()];
            halves.convert_from_f32_slice(&values);
            Data::F16(halves)
        }
        Elem::U8 => Data::U8(
            values
                .iter()
                .map(|v| v.clamp(0.0, 255.0).round() as u8)
                .collect(),
        ),
        _ => Data::F32(values),
    }
}

fn integers<'a>(values: &[i64], elem: Elem) -> Data<'a> {
    match elem {
        Elem::F32 => Data::F32(values.iter().map(|&v| v as f32).collect()),
        Elem::F16 => Data::F16(values.iter().map(|&v| f16::from_f32(v as f32)).collect()),
        Elem::I32 => Data::I32(values.iter().map(|&v| v as i32).collect()),
        Elem::Bool => Data::Bool(values.iter().map(|&v| v != 0).collect()),
        Elem::U8 => Data::U8(values.iter().map(|&v| v as u8).collect()),
        _ => Data::I64(values.to_vec()),
    }
}

/// Can [`feeds`] fill an input of this type? (It need not state its shape only if it is the main one.)
pub(crate) fn can_fill(port: &Port) -> bool {
    matches!(
        port.elem,
        Elem::F32 | Elem::F16 | Elem::I64 | Elem::I32 | Elem::Bool | Elem::U8
    ) && port.has_shape
}

/// `rows` rows of `width` values each, filled up with copies of the last row where there are fewer.
pub(crate) fn filled_up<T: Clone>(values: &[T], width: usize, rows: usize) -> Cow<'_, [T]> {
    if values.len() == rows * width || values.len() < width {
        return Cow::Borrowed(values);
    }
    let last = &values[values.len() - width..];
    let mut all = values.to_vec();
    while all.len() < rows * width {
        all.extend_from_slice(last);
    }
    Cow::Owned(all)
}

/// Channels, height and width that `port`, laid out as `layout`, takes from what the preprocessing yields, or what does
/// not fit. A fourth channel is the opacity of three others.
pub(crate) fn picture_shape(
    port: &Port,
    layout: Layout,
    channels: usize,
    size: Option<(u32, u32)>,
) -> Result<([usize; 3], bool), String> {
    let [c, h, w] = layout.axes();
    let taken = fixed(port, c);
    let opaque = taken == Some(4) && channels == 3;
    if let Some(c) = taken.filter(|c| *c != channels && !opaque) {
        return Err(format!(
            "takes pictures of {c} channels, the preprocessing gives {channels}"
        ));
    }
    let model = fixed(port, h).zip(fixed(port, w));
    let size = size.map(|(h, w)| (h as usize, w as usize));
    match (model, size) {
        (Some((h, w)), Some(given)) if (h, w) != given => Err(format!(
            "takes pictures of {h} x {w}, the preprocessing gives {} x {} (height x width)",
            given.0, given.1
        )),
        (None, None) => {
            Err("leaves the size of pictures open, and so does the preprocessing".into())
        }
        (Some((h, w)), _) | (None, Some((h, w))) => Ok(([channels, h, w], opaque)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_row_fills_a_batch_up() {
        assert_eq!(
            filled_up(&[1, 2, 3, 4], 2, 4).as_ref(),
            [1, 2, 3, 4, 3, 4, 3, 4]
        );
        assert_eq!(filled_up(&[1, 2], 2, 1).as_ref(), [1, 2]);
    }

    #[test]
    fn the_preprocessing_must_fit_the_model() {
        let port = |dims: [usize; 4]| Port {
            name: "x".into(),
            elem: Elem::F32,
            dims: dims
                .iter()
                .map(|&d| if d == 0 { Dim::Unknown } else { Dim::Fixed(d) })
                .collect(),
            has_shape: true,
        };
        let shape = |dims: [usize; 4], channels, size| {
            let port = port(dims);
            let layout = Layout::of(&port).expect("a picture");
            picture_shape(&port, layout, channels, size)
        };
        assert_eq!(
            shape([0, 3, 0, 0], 3, Some((28, 30))),
            Ok(([3, 28, 30], false))
        );
        assert_eq!(shape([0, 3, 64, 64], 3, None), Ok(([3, 64, 64], false)));
        assert_eq!(shape([0, 64, 48, 3], 3, None), Ok(([3, 64, 48], false)));
        assert_eq!(shape([0, 64, 48, 4], 3, None), Ok(([3, 64, 48], true)));
        assert!(shape([0, 3, 64, 64], 3, Some((64, 65))).is_err());
        assert!(shape([0, 1, 28, 28], 3, None).is_err_and(|e| e.contains("1 channels")));
    }

    #[test]
    fn positions_may_count_from_behind_padding() {
        assert_eq!(behind(&[1, 1, 0, 0, 1, 1], 3, 1), [2, 3, 1, 1, 2, 3]);
    }
}
