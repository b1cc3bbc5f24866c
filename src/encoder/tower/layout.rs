//! How an image input is laid out, and what turns `[rows, channels, height, width]` of floats into that.

use crate::onnx::{Dim, Elem, Graph, NodeMaker, Port, Tensor};
use std::borrow::Cow;

/// Where an image input differs from `[batch, channels, height, width]` of floats.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[allow(clippy::struct_excessive_bools)] // independent of each other
pub(crate) struct Layout {
    /// Are the channels the last dimension?
    pub last: bool,
    /// The value of a fourth channel, the opacity.
    pub alpha: Option<f32>,
    /// Does it take bytes, 0 to 255?
    pub bytes: bool,
    /// Does it take one picture, without a batch?
    pub single: bool,
    /// Are the channels blue, green, red?
    pub bgr: bool,
}

/// Channels that a picture can have.
const CHANNELS: [usize; 3] = [1, 3, 4];

impl Layout {
    /// Of an input; `None` for one that takes no pictures.
    pub fn of(port: &Port) -> Option<Self> {
        let bytes = port.elem == Elem::U8;
        if !(bytes || matches!(port.elem, Elem::F32 | Elem::F16)) {
            return None;
        }
        let coloured = |axis: usize| matches!(port.dims.get(axis), Some(Dim::Fixed(n)) if CHANNELS.contains(n));
        let (single, last) = match port.dims.len() {
            _ if !port.has_shape => (false, false),
            4 => (false, !coloured(1) && coloured(3)),
            // Without a batch: only what is surely a picture.
            3 if coloured(0) && !coloured(2) => (true, false),
            3 if coloured(2) && !coloured(0) => (true, true),
            _ => return None,
        };
        Some(Self {
            last,
            bytes,
            single,
            ..Self::default()
        })
    }

    /// The axes of channels, height and width.
    pub fn axes(self) -> [usize; 3] {
        let first = usize::from(!self.single);
        if self.last {
            [first + 2, first, first + 1]
        } else {
            [first, first + 1, first + 2]
        }
    }

    /// The shape of `rows` pictures of `picture` (channels, height, width, the opacity not counted).
    pub fn shape(self, rows: usize, [channels, height, width]: [usize; 3]) -> Vec<usize> {
        let channels = channels + usize::from(self.alpha.is_some());
        let mut shape = if self.single { vec![] } else { vec![rows] };
        shape.extend(if self.last {
            [height, width, channels]
        } else {
            [channels, height, width]
        });
        shape
    }

    /// `pixels`, `[rows, channels, height, width]`, as the input takes them.
    pub fn arranged(self, pixels: &[f32], [channels, height, width]: [usize; 3]) -> Cow<'_, [f32]> {
        if !self.last && self.alpha.is_none() && !self.bgr {
            return Cow::Borrowed(pixels);
        }
        let area = height * width;
        let planes = channels + usize::from(self.alpha.is_some());
        let mut out = Vec::with_capacity(pixels.len() / channels.max(1) * planes);
        for row in pixels.chunks_exact((channels * area).max(1)) {
            let value = |plane: usize, at: usize| match self.alpha {
                Some(alpha) if plane == channels => alpha,
                _ if self.bgr => row[(channels - 1 - plane) * area + at],
                _ => row[plane * area + at],
            };
            if self.last {
                out.extend(
                    (0..area)
                        .flat_map(|at| (0..planes).map(move |p| (p, at)))
                        .map(|(p, at)| value(p, at)),
                );
            } else {
                out.extend(
                    (0..planes)
                        .flat_map(|p| (0..area).map(move |at| (p, at)))
                        .map(|(p, at)| value(p, at)),
                );
            }
        }
        Cow::Owned(out)
    }

    /// What is unusual, in words.
    pub fn words(self) -> Vec<&'static str> {
        [
            (self.bytes, "bytes from 0 to 255"),
            (self.last, "channels last"),
            (
                self.alpha.is_some(),
                "a fourth channel, the opacity, which is full",
            ),
            (self.single, "one picture at a time, without a batch"),
            (self.bgr, "blue, green, red"),
        ]
        .into_iter()
        .filter_map(|(is, words)| is.then_some(words))
        .collect()
    }

    /// Makes the input `name` of `graph` one of floats, `[batch, channels, height, width]`, for gradients. Bytes stay
    /// unrounded there.
    pub fn undo(self, graph: &mut Graph, name: &str, [channels, height, width]: [usize; 3]) {
        if self == Self::default() {
            return;
        }
        let mut make = NodeMaker::new(graph, "nearmiss_layout");
        let mut nodes = Vec::new();
        let mut value = name.to_owned();
        if self.bgr {
            let order: Vec<i64> = (0..channels as i64).rev().collect();
            let order = make.constant(Tensor::ints(&[channels], &order));
            value = make.node(&mut nodes, "Gather", &[&value, &order], &[("axis", &[1])]);
        }
        if let Some(alpha) = self.alpha {
            let first = make.constant(Tensor::ints(&[1], &[0]));
            let zero = make.constant(Tensor::floats(&[], &[0.0]));
            let full = make.constant(Tensor::floats(&[], &[alpha]));
            let plane = make.node(&mut nodes, "Gather", &[&value, &first], &[("axis", &[1])]);
            let plane = make.node(&mut nodes, "Mul", &[&plane, &zero], &[]);
            let plane = make.node(&mut nodes, "Add", &[&plane, &full], &[]);
            value = make.node(&mut nodes, "Concat", &[&value, &plane], &[("axis", &[1])]);
        }
        if self.last {
            value = make.node(
                &mut nodes,
                "Transpose",
                &[&value],
                &[("perm", &[0, 2, 3, 1])],
            );
        }
        if self.single {
            let shape: Vec<i64> = self
                .shape(1, [channels, height, width])
                .iter()
                .map(|&n| n as i64)
                .collect();
            let shape = make.constant(Tensor::ints(&[shape.len()], &shape));
            value = make.node(&mut nodes, "Reshape", &[&value, &shape], &[]);
        }
        let batch = match graph.inputs.iter().find(|p| p.name == name) {
            Some(port) if !self.single => port.dims.first().cloned(),
            _ => Some(Dim::Fixed(1)),
        };
        graph.rename_readers(name, &value);
        if let Some(port) = graph.inputs.iter_mut().find(|p| p.name == name) {
            if port.elem == Elem::U8 {
                port.elem = Elem::F32;
            }
            port.dims = vec![
                batch.unwrap_or(Dim::Unknown),
                Dim::Fixed(channels),
                Dim::Fixed(height),
                Dim::Fixed(width),
            ];
            port.has_shape = true;
        }
        nodes.append(&mut graph.nodes);
        graph.nodes = nodes;
        graph.infos.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn port(elem: Elem, dims: &[usize]) -> Port {
        let dim = |&d: &usize| if d == 0 { Dim::Unknown } else { Dim::Fixed(d) };
        Port {
            name: "x".into(),
            elem,
            dims: dims.iter().map(dim).collect(),
            has_shape: true,
        }
    }

    #[test]
    fn a_layout_is_read_off_the_fixed_dimensions() {
        let of = |elem, dims: &[usize]| Layout::of(&port(elem, dims)).map(|l| (l.last, l.single));
        assert_eq!(of(Elem::F32, &[0, 3, 0, 0]), Some((false, false)));
        assert_eq!(of(Elem::U8, &[0, 32, 32, 3]), Some((true, false)));
        assert_eq!(of(Elem::F32, &[0, 0, 0, 4]), Some((true, false)));
        assert_eq!(of(Elem::U8, &[32, 32, 3]), Some((true, true)));
        assert_eq!(of(Elem::F32, &[3, 32, 32]), Some((false, true)));
        assert_eq!(of(Elem::F32, &[0, 50, 768]), None);
        assert_eq!(of(Elem::I64, &[0, 3, 8, 8]), None);
    }

    #[test]
    fn pixels_are_arranged_as_the_input_takes_them() {
        // Three planes of 1 x 2: red 1 2, green 3 4, blue 5 6.
        let pixels = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        let size = [3, 1, 2];
        let last = Layout {
            last: true,
            alpha: Some(9.0),
            ..Layout::default()
        };
        assert_eq!(
            last.arranged(&pixels, size).as_ref(),
            [1.0, 3.0, 5.0, 9.0, 2.0, 4.0, 6.0, 9.0]
        );
        assert_eq!(last.shape(1, size), [1, 1, 2, 4]);
        let turned = Layout {
            bgr: true,
            ..Layout::default()
        };
        assert_eq!(
            turned.arranged(&pixels, size).as_ref(),
            [5.0, 6.0, 3.0, 4.0, 1.0, 2.0]
        );
    }
}
