//! Heads as a file: `.safetensors`, with their shape in its metadata.

use crate::compute::train::{Block, HEADS, HeadShape, SCALARS};
use crate::error::{Error, Result};
use crate::files::{read_all, replace};
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::io::Write as _;
use std::path::Path;

/// The key of the file's metadata that says what it holds.
const KEY: &str = "nearmiss_heads";
/// The version of what is written there.
const VERSION: u32 = 1;
/// Bytes of a file at most; the largest heads that can be trained have as many.
const LARGEST: u64 = 2 << 30;
/// What the scalars are called: the logarithm of what scores are multiplied by, and what is added to them.
const SCALAR_NAMES: [&str; SCALARS] = ["log_scale", "offset"];

/// Heads that were trained.
#[derive(Debug, Clone, PartialEq)]
pub struct Heads {
    /// Their shape.
    pub shape: HeadShape,
    /// Weights and scalars, in the order of [`HeadShape::parts`]; [`HeadShape::count`] values.
    pub weights: Vec<f32>,
}

/// What the metadata says.
#[derive(Serialize, Deserialize)]
struct About {
    version: u32,
    shape: HeadShape,
}

impl Heads {
    /// Can these heads be used?
    ///
    /// # Errors
    /// As [`HeadShape::check`]; another number of weights than the shape's, or one that is NaN or infinite.
    pub fn check(&self) -> Result<()> {
        self.shape.check()?;
        let (count, given) = (self.shape.count(), self.weights.len());
        if count != given {
            return Err(Error::request(
                format!("{given} weights are no heads of {count}"),
                "Give the weights of the shape that was trained.",
            ));
        }
        if self.weights.iter().any(|w| !w.is_finite()) {
            return Err(Error::request(
                "the heads have a weight that is not finite",
                "Train them again, with a smaller step.",
            ));
        }
        Ok(())
    }

    /// Writes them to `path` as safetensors: `image.first`, `image.second`, `text.first`, `text.second`, or `shared.*`
    /// where both sides share one head, each `[rows, columns]` of float32 (a bias is the last column of the first), and
    /// the scalars `log_scale` and `offset`.
    ///
    /// # Errors
    /// As [`Heads::check`]; the file cannot be written.
    pub fn write(&self, path: &Path) -> Result<()> {
        self.check()?;
        let failed = |e: &dyn std::fmt::Display| {
            Error::request(
                format!("{} cannot be written: {e}", path.display()),
                "These are heads that the format does not hold.",
            )
        };
        let about = About {
            version: VERSION,
            shape: self.shape,
        };
        let about = serde_json::to_string(&about).map_err(|e| failed(&e))?;
        let bytes: Vec<u8> = self.weights.iter().flat_map(|w| w.to_le_bytes()).collect();
        let view = |place: &Place| {
            let part = &bytes[4 * place.start..4 * (place.start + place.count())];
            TensorView::new(Dtype::F32, place.shape.clone(), part)
        };
        let tensors = places(&self.shape)
            .into_iter()
            .map(|place| Ok((view(&place)?, place.name)))
            .map(|made| made.map(|(view, name)| (name, view)))
            .collect::<Result<Vec<_>, safetensors::SafeTensorError>>()
            .map_err(|e| failed(&e))?;
        let metadata = HashMap::from([(KEY.to_owned(), about)]);
        let file = safetensors::serialize(tensors, Some(metadata)).map_err(|e| failed(&e))?;
        replace(path, |out| out.write_all(&file))
    }

    /// Reads what [`Heads::write`] wrote.
    ///
    /// # Errors
    /// The file cannot be read, is no safetensors file or none of heads; a tensor is missing, of another shape or type, or
    /// one that no head has; a value is not finite.
    pub fn read(path: &Path) -> Result<Self> {
        let refuse = |what: String| {
            let remedy = "Choose a file that this program wrote when heads were trained.";
            Error::dataset(path, what, remedy)
        };
        let bytes = read_all(path, LARGEST).map_err(Error::io("read", path))?;
        let broken = |e| refuse(format!("is no safetensors file: {e}"));
        let (_, metadata) = SafeTensors::read_metadata(&bytes).map_err(broken)?;
        let file = SafeTensors::deserialize(&bytes).map_err(broken)?;
        let said = metadata.metadata().as_ref().and_then(|m| m.get(KEY));
        let said = said.ok_or_else(|| refuse("holds no heads: it says nothing of them".into()))?;
        let about: About = serde_json::from_str(said).map_err(|e| {
            refuse(format!(
                "says of its heads what cannot be read ({said}): {e}"
            ))
        })?;
        if about.version != VERSION {
            let version = about.version;
            return Err(refuse(format!(
                "holds heads of version {version}; version {VERSION} is known"
            )));
        }
        let shape = about.shape;
        shape
            .check()
            .map_err(|e| refuse(format!("holds heads that cannot be: {e}")))?;
        let places = places(&shape);
        if let Some(other) = file.names().into_iter().find(|name| {
            let known = places.iter().any(|place| place.name == *name);
            !known
        }) {
            return Err(refuse(format!("holds {other:?}, which no head has")));
        }
        let mut weights = vec![0.0; shape.count()];
        for place in &places {
            let name = place.name;
            let tensor = file
                .tensor(name)
                .map_err(|_| refuse(format!("lacks {name:?}")))?;
            if tensor.dtype() != Dtype::F32 || tensor.shape() != place.shape {
                return Err(refuse(format!(
                    "its {name:?} is {:?} {:?} instead of F32 {:?}",
                    tensor.dtype(),
                    tensor.shape(),
                    place.shape
                )));
            }
            let goal = &mut weights[place.start..place.start + place.count()];
            let (values, _) = tensor.data().as_chunks::<4>();
            for (goal, value) in goal.iter_mut().zip(values) {
                *goal = f32::from_le_bytes(*value);
            }
            if goal.iter().any(|w| !w.is_finite()) {
                return Err(refuse(format!(
                    "its {name:?} has a value that is not finite"
                )));
            }
        }
        Ok(Self { shape, weights })
    }
}

/// A tensor of the file, and where it lies among all weights.
struct Place {
    name: &'static str,
    start: usize,
    shape: Vec<usize>,
}

impl Place {
    fn of(name: &'static str, block: Block) -> Self {
        Self {
            name,
            start: block.start,
            shape: vec![block.rows, block.columns],
        }
    }

    fn count(&self) -> usize {
        self.shape.iter().product()
    }
}

/// All tensors of heads of `shape`.
fn places(shape: &HeadShape) -> Vec<Place> {
    const NAMES: [[&str; 2]; HEADS] = [
        ["image.first", "image.second"],
        ["text.first", "text.second"],
    ];
    const SHARED: [[&str; 2]; 1] = [["shared.first", "shared.second"]];
    let names: &[[&'static str; 2]] = if shape.shared { &SHARED } else { &NAMES };
    let mut places = Vec::new();
    for (part, [first, second]) in shape.parts().into_iter().zip(names) {
        places.push(Place::of(first, part.first));
        places.extend(part.second.map(|block| Place::of(second, block)));
    }
    let scalars = SCALAR_NAMES.into_iter().enumerate();
    places.extend(scalars.map(|(at, name)| Place {
        name,
        start: shape.weights() + at,
        shape: Vec::new(),
    }));
    places
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compute::train::{Activation, Hidden};

    fn heads(shape: HeadShape) -> Heads {
        let weights = (0..shape.count()).map(|i| i as f32 * 0.5 - 3.0).collect();
        Heads { shape, weights }
    }

    fn shapes() -> Vec<HeadShape> {
        let linear = HeadShape::linear(4, 4);
        let hidden = Some(Hidden {
            width: 3,
            activation: Activation::Gelu,
        });
        vec![
            HeadShape::linear(4, 2),
            HeadShape {
                bias: true,
                residual: true,
                ..linear
            },
            HeadShape {
                hidden,
                ..HeadShape::linear(4, 2)
            },
            HeadShape {
                hidden,
                bias: true,
                shared: true,
                ..linear
            },
        ]
    }

    #[test]
    fn heads_are_read_as_they_were_written() {
        let dir = tempfile::tempdir().unwrap();
        for shape in shapes() {
            let path = dir.path().join("a.safetensors");
            let written = heads(shape);
            written.write(&path).unwrap();
            assert_eq!(Heads::read(&path).unwrap(), written);
            let bytes = std::fs::read(&path).unwrap();
            written.write(&path).unwrap();
            assert_eq!(std::fs::read(&path).unwrap(), bytes);
            let file = SafeTensors::deserialize(&bytes).unwrap();
            let mut names = file.names();
            names.sort_unstable();
            let side = if shape.shared {
                "shared.first"
            } else {
                "text.first"
            };
            assert!(
                names.contains(&side) && names.contains(&"offset"),
                "{names:?}"
            );
        }
    }

    #[test]
    fn other_files_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.safetensors");
        let refusal = |bytes: &[u8]| {
            std::fs::write(&path, bytes).unwrap();
            Heads::read(&path).unwrap_err().to_string()
        };
        assert!(refusal(b"no tensors").contains("no safetensors file"));
        let good = heads(shapes()[2]);
        good.write(&path).unwrap();
        let bytes = std::fs::read(&path).unwrap();
        assert!(refusal(&bytes[..bytes.len() - 4]).contains("no safetensors file"));

        let made = |names: &[&str], shape: &[usize], about: Option<HeadShape>| {
            let data = vec![0; 4 * shape.iter().product::<usize>()];
            let tensors = names.iter().map(|name| {
                let view = TensorView::new(Dtype::F32, shape.to_vec(), &data).unwrap();
                (*name, view)
            });
            let about = about.map(|shape| {
                let about = About {
                    version: VERSION,
                    shape,
                };
                HashMap::from([(KEY.to_owned(), serde_json::to_string(&about).unwrap())])
            });
            safetensors::serialize(tensors, about).unwrap()
        };
        let linear = Some(HeadShape::linear(2, 2));
        assert!(refusal(&made(&["embeddings"], &[2, 2], None)).contains("holds no heads"));
        assert!(refusal(&made(&["embeddings"], &[2, 2], linear)).contains("which no head has"));
        assert!(refusal(&made(&["image.first"], &[2, 2], linear)).contains("lacks \"text.first\""));
        assert!(
            refusal(&made(&["image.first"], &[2, 3], linear))
                .contains("[2, 3] instead of F32 [2, 2]")
        );
        let huge = Some(HeadShape::linear(1 << 40, 1 << 40));
        assert!(refusal(&made(&["image.first"], &[2, 3], huge)).contains("cannot be"));

        let mut bad = good;
        bad.weights[3] = f32::NAN;
        assert!(bad.write(&path).is_err());
        bad.weights.pop();
        assert!(
            bad.check()
                .is_err_and(|e| e.to_string().contains("no heads"))
        );
    }
}
