//! Which input of a model takes what, and which output is the embedding.

mod outputs;

pub(super) use outputs::{Chosen, choose_output, embedding_length};

use super::layout::Layout;
use crate::error::{Error, Question, Result};
use crate::onnx::{Dim, Elem, ModelInfo, Port};

/// Which half of a dual encoder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TowerKind {
    Image,
    Text,
}

impl TowerKind {
    fn names(self) -> [&'static str; 2] {
        match self {
            Self::Image => ["image_embeds", "image_features"],
            Self::Text => ["text_embeds", "text_features"],
        }
    }

    fn question(self, names: Vec<String>) -> Question {
        match self {
            Self::Image => Question::ImageOutput(names),
            Self::Text => Question::TextOutput(names),
        }
    }
}

/// What an input is fed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// The pictures.
    Pixels,
    /// The token ids.
    Ids,
    /// 1 for a token, 0 for padding.
    Mask,
    /// 0, 1, 2 .. along the sequence.
    Positions,
    /// Zeros: token types, and the other tower's inputs in a model that holds both.
    Zeros,
}

const EXPORT: &str = "Export the model again with one vector per image or text as its output.";

/// The roles of the inputs of an image model, in their order.
pub(crate) fn image_roles(info: &ModelInfo) -> Result<Vec<Role>> {
    let pictures = |p: &&Port| Layout::of(p).is_some();
    let named = info.inputs.iter().find(|p| p.name == "pixel_values");
    let pixels = named.or_else(|| info.inputs.iter().find(pictures));
    let pixels = pixels.or_else(|| info.inputs.iter().find(|p| is_float(p.elem)));
    let pixels = pixels.ok_or_else(|| {
        Error::model(
            &info.path,
            format!("takes no picture; it takes {}", list(&info.inputs)),
            "Choose the image model; its input is [batch, channels, height, width] or [batch, height, width, channels] \
             in float32, float16 or uint8.",
        )
    })?;
    if Layout::of(pixels).is_none() {
        let what = if matches!(pixels.elem, Elem::F32 | Elem::F16 | Elem::U8) {
            format!(
                "its image input {pixels} has {} dimensions instead of 4",
                pixels.dims.len()
            )
        } else {
            format!("its image input {pixels} is neither float32, float16 nor uint8")
        };
        return Err(Error::model(
            &info.path,
            what,
            "Export it with an input of [batch, channels, height, width] in float32, float16 or uint8.",
        ));
    }
    Ok(info
        .inputs
        .iter()
        .map(|p| {
            if p.name == pixels.name {
                Role::Pixels
            } else {
                role_of(p)
            }
        })
        .collect())
}

/// The roles of the inputs of a text model, in their order.
pub(crate) fn text_roles(info: &ModelInfo) -> Result<Vec<Role>> {
    let integer = |p: &&Port| matches!(p.elem, Elem::I64 | Elem::I32);
    let named = info.inputs.iter().find(|p| p.name == "input_ids");
    let mut others = info
        .inputs
        .iter()
        .filter(integer)
        .filter(|p| role_of(p) == Role::Zeros);
    let ids = named
        .or_else(|| others.find(|p| !p.name.contains("type")))
        .filter(integer)
        .ok_or_else(|| {
            Error::model(
                &info.path,
                format!("takes no token ids; it takes {}", list(&info.inputs)),
                "Choose the text model; its input is [batch, sequence] in int64 or int32.",
            )
        })?;
    if ids.has_shape && !(1..=2).contains(&ids.dims.len()) {
        return Err(Error::model(
            &info.path,
            format!(
                "its text input {} has {} dimensions instead of 2",
                ids,
                ids.dims.len()
            ),
            "Export it with an input of [batch, sequence].",
        ));
    }
    Ok(info
        .inputs
        .iter()
        .map(|p| {
            if p.name == ids.name {
                Role::Ids
            } else {
                role_of(p)
            }
        })
        .collect())
}

fn role_of(port: &Port) -> Role {
    if port.name.contains("mask") {
        Role::Mask
    } else if port.name.contains("position") {
        Role::Positions
    } else {
        Role::Zeros
    }
}

fn is_float(elem: Elem) -> bool {
    matches!(elem, Elem::F32 | Elem::F16 | Elem::F64)
}

/// The size of dimension `axis`, where it is fixed.
pub(crate) fn fixed(port: &Port, axis: usize) -> Option<usize> {
    match port.dims.get(axis) {
        Some(Dim::Fixed(size)) => Some(*size),
        _ => None,
    }
}

fn list(ports: &[Port]) -> String {
    if ports.is_empty() {
        "nothing".into()
    } else {
        ports
            .iter()
            .map(Port::to_string)
            .collect::<Vec<_>>()
            .join("; ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    pub(crate) fn port(name: &str, dims: &[usize]) -> Port {
        let dims = dims.iter().map(|&d| {
            if d == 0 {
                Dim::Named("batch".into())
            } else {
                Dim::Fixed(d)
            }
        });
        Port {
            name: name.into(),
            elem: Elem::F32,
            dims: dims.collect(),
            has_shape: true,
        }
    }

    pub(crate) fn model(inputs: Vec<Port>, outputs: Vec<Port>) -> ModelInfo {
        ModelInfo {
            path: PathBuf::from("m.onnx"),
            inputs,
            outputs,
            opset: 17,
            producer: String::new(),
            external: Vec::new(),
            ops: std::collections::BTreeMap::new(),
            source: crate::onnx::Source::default(),
        }
    }

    #[test]
    fn an_image_input_of_the_wrong_rank_is_refused() {
        let flat = model(vec![port("x", &[0, 784])], vec![port("y", &[0, 10])]);
        let error = image_roles(&flat).err().map(|e| e.to_string());
        assert!(
            error.is_some_and(
                |e| e.contains("x: float32 [batch, 784] has 2 dimensions instead of 4")
            )
        );
    }
}
