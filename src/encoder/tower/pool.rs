//! One vector of the many that a transformer gives: per patch of a picture, or per token of a caption.

use crate::onnx::proto::NodeProto;
use crate::onnx::{Graph, NodeMaker, Tensor};
use serde::{Deserialize, Serialize};
use std::str::FromStr;

/// How the vectors of a sequence become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pool {
    /// The first (BERT's and `ViT`'s class token).
    First,
    /// The mean, without padding.
    Mean,
    /// The last that is no padding.
    Last,
}

impl Pool {
    /// Every pooling with its name.
    pub const ALL: [(Self, &'static str); 3] = [
        (Self::First, "first"),
        (Self::Mean, "mean"),
        (Self::Last, "last"),
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Mean => "mean",
            Self::Last => "last",
        }
    }

    /// Splits `last_hidden_state[mean]` into an output and a pooling.
    pub(crate) fn split(output: &str) -> (&str, Option<Self>) {
        let parts = output.strip_suffix(']').and_then(|o| o.rsplit_once('['));
        match parts.and_then(|(name, pool)| Some((name, pool.parse().ok()?))) {
            Some((name, pool)) => (name, Some(pool)),
            None => (output, None),
        }
    }

    /// `[rows, dim]` of `values`, `[rows, length, dim]`; `mask` is `[rows, length]`, 0 for padding.
    pub(crate) fn of(
        self,
        values: &[f32],
        length: usize,
        dim: usize,
        mask: Option<&[i64]>,
    ) -> Vec<f32> {
        let mut out = Vec::with_capacity(values.len() / length.max(1));
        for (row, part) in values.chunks_exact((length * dim).max(1)).enumerate() {
            let counts = |at: usize| mask.is_none_or(|m| m.get(row * length + at) != Some(&0));
            let vector = |at: usize| &part[at * dim..(at + 1) * dim];
            match self {
                Self::First => {
                    let first = (0..length).find(|&at| counts(at)).unwrap_or(0);
                    out.extend_from_slice(vector(first));
                }
                Self::Last => {
                    let last = (0..length).rev().find(|&at| counts(at));
                    out.extend_from_slice(vector(last.unwrap_or(length - 1)));
                }
                Self::Mean => {
                    let mut sum = vec![0.0_f64; dim];
                    let mut count = 0;
                    for at in (0..length).filter(|&at| counts(at)) {
                        count += 1;
                        for (s, v) in sum.iter_mut().zip(vector(at)) {
                            *s += f64::from(*v);
                        }
                    }
                    out.extend(sum.iter().map(|s| (s / f64::from(count.max(1))) as f32));
                }
            }
        }
        out
    }

    /// Adds the pooling of `output` to `graph`, as its output called `name`; `mask` is the input that tells padding.
    ///
    /// Only where it can be said without knowing lengths: the last of several captions of different lengths cannot, nor
    /// can a first one behind padding.
    pub(crate) fn add(self, graph: &mut Graph, output: &str, name: &str, mask: Option<&str>) {
        let mut make = NodeMaker::new(graph, "nearmiss_pool");
        let mut nodes = Vec::new();
        let pooled = match (self, mask) {
            (Self::First | Self::Last, _) => {
                let at = if self == Self::First { 0 } else { -1 };
                let at = make.constant(Tensor::ints(&[], &[at]));
                make.node(&mut nodes, "Gather", &[output, &at], &[("axis", &[1])])
            }
            (Self::Mean, mask) => {
                let rows = make.constant(Tensor::ints(&[2], &[0, -1]));
                let turned = make.node(&mut nodes, "Transpose", &[output], &[("perm", &[0, 2, 1])]);
                let mean = |make: &mut NodeMaker<'_>, nodes: &mut Vec<_>, x: &str| {
                    let mean = make.node(nodes, "GlobalAveragePool", &[x], &[]);
                    make.node(nodes, "Reshape", &[&mean, &rows], &[])
                };
                match mask {
                    None => mean(&mut make, &mut nodes, &turned),
                    Some(mask) => {
                        let shape = make.constant(Tensor::ints(&[3], &[0, 1, -1]));
                        let cast = make.node(&mut nodes, "Cast", &[mask], &[("to", &[1])]);
                        let wide = make.node(&mut nodes, "Reshape", &[&cast, &shape], &[]);
                        let kept = make.node(&mut nodes, "Mul", &[&turned, &wide], &[]);
                        let sum = mean(&mut make, &mut nodes, &kept);
                        let count = mean(&mut make, &mut nodes, &wide);
                        make.node(&mut nodes, "Div", &[&sum, &count], &[])
                    }
                }
            }
        };
        if let Some(last) = nodes
            .iter_mut()
            .rev()
            .find(|n| n.output.first() == Some(&pooled))
        {
            last.output = vec![name.to_owned()];
        }
        graph.nodes.append(&mut nodes);
        graph.outputs.push(name.to_owned());
    }
}

/// Added to a number that may be 0 before it divides; too small to change any other.
const LEAST: f32 = 1e-30;
/// The operator set from which there is `Where`.
const SELECTS: i64 = 9;

impl Pool {
    /// As [`Pool::of`] in `graph`: `values` is float32 `[rows, length, dim]`, `mask` 0 for padding and 1 for a token, of any
    /// type, brought to `[rows, 1, length]` by `shape`. The name of the `[rows, dim]` that it makes.
    ///
    /// # Errors
    /// What the operator set is too old for.
    pub(super) fn add_masked(
        self,
        graph: &mut Graph,
        values: &str,
        mask: &str,
        shape: [i64; 3],
    ) -> Result<String, String> {
        let oldest = match self {
            Self::Mean => 0,
            Self::First => 9,
            Self::Last => 12,
        };
        let opset = graph.opset;
        if opset < oldest {
            return Err(format!(
                "its operator set is version {opset}; to take the {} token takes version {oldest}",
                self.name()
            ));
        }
        let mut made = Vec::new();
        let nodes = &mut made;
        let mut make = NodeMaker::new(graph, "nearmiss_pool");
        let shape = make.constant(Tensor::ints(&[3], &shape));
        let rows = make.constant(Tensor::ints(&[2], &[0, -1]));
        let cast = make.node(nodes, "Cast", &[mask], &[("to", &[1])]);
        let kept = make.node(nodes, "Reshape", &[&cast, &shape], &[]);
        let counted = if self == Self::Mean {
            kept.clone()
        } else {
            one_of(&mut make, nodes, &kept, self == Self::Last)
        };
        // Times 0 is enough for what does not count, unless it is not finite.
        let cleared = (opset >= SELECTS).then(|| {
            let told = make.node(nodes, "Cast", &[&counted], &[("to", &[9])]);
            let told = make.node(nodes, "Transpose", &[&told], &[("perm", &[0, 2, 1])]);
            let zero = make.constant(Tensor::floats(&[], &[0.0]));
            make.node(nodes, "Where", &[&told, values, &zero], &[])
        });
        let values = cleared.as_deref().unwrap_or(values);
        let pooled = if self == Self::Mean {
            let turned = make.node(nodes, "Transpose", &[values], &[("perm", &[0, 2, 1])]);
            let turned = make.node(nodes, "Mul", &[&turned, &kept], &[]);
            let sum = make.node(nodes, "GlobalAveragePool", &[&turned], &[]);
            let count = make.node(nodes, "GlobalAveragePool", &[&kept], &[]);
            let least = make.constant(Tensor::floats(&[], &[LEAST]));
            let count = make.node(nodes, "Add", &[&count, &least], &[]);
            make.node(nodes, "Div", &[&sum, &count], &[])
        } else {
            make.node(nodes, "MatMul", &[&counted, values], &[])
        };
        let pooled = make.node(nodes, "Reshape", &[&pooled, &rows], &[]);
        graph.nodes.append(&mut made);
        Ok(pooled)
    }
}

/// 1 at the first or the last 1 of each row of `kept`, float32 `[rows, 1, length]`, and 0 elsewhere, in its shape. Where
/// there is none, at the first or the last of all.
fn one_of(
    make: &mut NodeMaker<'_>,
    nodes: &mut Vec<NodeProto>,
    kept: &str,
    is_last: bool,
) -> String {
    let how: [(&str, &[i64]); 3] = [
        ("axis", &[2]),
        ("keepdims", &[0]),
        ("select_last_index", &[1]),
    ];
    // The first is what older operator sets know alone.
    let how = if is_last { &how[..] } else { &how[..2] };
    let place = make.node(nodes, "ArgMax", &[kept], how);
    let sizes = make.node(nodes, "Shape", &[kept], &[]);
    let axis = make.constant(Tensor::ints(&[1], &[2]));
    let length = make.node(nodes, "Gather", &[&sizes, &axis], &[("axis", &[0])]);
    let marks = make.constant(Tensor::floats(&[2], &[0.0, 1.0]));
    let from = [place.as_str(), &length, &marks];
    make.node(nodes, "OneHot", &from, &[("axis", &[-1])])
}

impl FromStr for Pool {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.to_ascii_lowercase().as_str() {
            "first" | "cls" => Ok(Self::First),
            "mean" | "avg" => Ok(Self::Mean),
            "last" => Ok(Self::Last),
            other => Err(format!(
                "{other} is no pooling; there are first, mean and last"
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padding_is_no_part_of_a_pooling() {
        // Two rows of three vectors of two values.
        let values = [
            1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 10.0, 20.0, 30.0, 40.0, 50.0, 60.0,
        ];
        let mask = [1, 1, 0, 0, 1, 1];
        let of = |pool: Pool, mask| pool.of(&values, 3, 2, mask);
        assert_eq!(of(Pool::First, None), [1.0, 2.0, 10.0, 20.0]);
        assert_eq!(of(Pool::First, Some(&mask[..])), [1.0, 2.0, 30.0, 40.0]);
        assert_eq!(of(Pool::Last, Some(&mask[..])), [3.0, 4.0, 50.0, 60.0]);
        assert_eq!(of(Pool::Mean, Some(&mask[..])), [2.0, 3.0, 40.0, 50.0]);
        assert_eq!(of(Pool::Mean, None), [3.0, 4.0, 30.0, 40.0]);
    }

    #[test]
    fn an_output_may_name_its_pooling() {
        assert_eq!(Pool::split("h[cls]"), ("h", Some(Pool::First)));
        assert_eq!(Pool::split("h[mean]"), ("h", Some(Pool::Mean)));
        assert_eq!(Pool::split("h[0]"), ("h[0]", None));
        assert_eq!(Pool::split("h"), ("h", None));
    }
}
