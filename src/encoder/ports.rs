//! Which input of a model takes what, and which output is the embedding.

use crate::error::{Error, Question, Result};
use crate::onnx::{Dim, Elem, ModelInfo, Port};

/// Which half of a dual encoder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Image,
    Text,
}

impl Side {
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
pub(super) enum Role {
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
pub(super) fn image_roles(info: &ModelInfo) -> Result<Vec<Role>> {
    let floats = |p: &&Port| is_float(p.elem);
    let four = |p: &Port| !p.has_shape || p.dims.len() == 4;
    let named = info.inputs.iter().find(|p| p.name == "pixel_values");
    let pixels = named.or_else(|| info.inputs.iter().filter(floats).find(|p| four(p)));
    let pixels = pixels.or_else(|| info.inputs.iter().find(floats)).ok_or_else(|| {
        Error::model(
            &info.path,
            format!("takes no float image; it takes {}", list(&info.inputs)),
            "Choose the image model; its input is [batch, channels, height, width] in float32 or float16.",
        )
    })?;
    if !four(pixels) {
        return Err(Error::model(
            &info.path,
            format!(
                "its image input {} has {} dimensions instead of 4",
                pixels,
                pixels.dims.len()
            ),
            "Export it with an input of [batch, channels, height, width].",
        ));
    }
    if !matches!(pixels.elem, Elem::F32 | Elem::F16) {
        return Err(Error::model(
            &info.path,
            format!("its image input {pixels} is neither float32 nor float16"),
            "Export it with a float32 or float16 input.",
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
pub(super) fn text_roles(info: &ModelInfo) -> Result<Vec<Role>> {
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

/// The output that is the embedding: `wanted`; else `image_embeds` or `text_embeds`; else `pooler_output` or
/// `sentence_embedding`; else the only one that is a float vector per row.
///
/// # Errors
/// There is no such output; the user must choose between several ([`Error::Ask`]).
pub(super) fn choose_output<'a>(
    info: &'a ModelInfo,
    wanted: Option<&str>,
    side: Side,
) -> Result<&'a Port> {
    let find = |name: &str| info.outputs.iter().find(|p| p.name == name);
    if let Some(name) = wanted {
        let port = find(name).ok_or_else(|| {
            Error::model(
                &info.path,
                format!("has no output named {name}; it has {}", list(&info.outputs)),
                "Choose one of these.",
            )
        })?;
        return vector_output(info, port);
    }
    let mut usual = side
        .names()
        .into_iter()
        .chain(["pooler_output", "sentence_embedding"]);
    if let Some(port) = usual.find_map(find) {
        return vector_output(info, port);
    }
    let vectors: Vec<&Port> = info.outputs.iter().filter(|p| is_vector(p)).collect();
    match vectors.as_slice() {
        [only] => Ok(only),
        [] => match info.outputs.first() {
            Some(first) => vector_output(info, first),
            None => Err(Error::model(&info.path, "has no output", EXPORT)),
        },
        several => {
            let names = several.iter().map(|p| p.name.clone()).collect();
            Err(Error::Ask {
                path: info.path.clone(),
                question: side.question(names),
            })
        }
    }
}

fn vector_output<'a>(info: &ModelInfo, port: &'a Port) -> Result<&'a Port> {
    if is_vector(port) {
        return Ok(port);
    }
    let what = if !is_float(port.elem) {
        format!("its output {port} is no float vector")
    } else if port.dims.len() == 3 {
        format!("its output {port} holds a vector per token or patch, not one embedding per row")
    } else {
        format!("its output {port} is not one embedding per row")
    };
    Err(Error::model(&info.path, what, EXPORT))
}

/// One vector per row: `[n, d]`, or more dimensions of which all but one are 1.
fn is_vector(port: &Port) -> bool {
    let long = port
        .dims
        .iter()
        .skip(1)
        .filter(|d| **d != Dim::Fixed(1))
        .count();
    is_float(port.elem)
        && (!port.has_shape || port.dims.len() == 2 || (port.dims.len() > 2 && long == 1))
}

/// The length of an embedding, where the output states it.
pub(super) fn embedding_length(port: &Port) -> Option<usize> {
    let mut long = port
        .dims
        .iter()
        .skip(1)
        .filter(|d| port.dims.len() == 2 || **d != Dim::Fixed(1));
    match long.next() {
        Some(Dim::Fixed(d)) => Some(*d),
        _ => None,
    }
}

fn is_float(elem: Elem) -> bool {
    matches!(elem, Elem::F32 | Elem::F16 | Elem::F64)
}

/// The size of dimension `axis`, where it is fixed.
pub(super) fn fixed(port: &Port, axis: usize) -> Option<usize> {
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

    fn port(name: &str, dims: &[usize]) -> Port {
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

    fn model(inputs: Vec<Port>, outputs: Vec<Port>) -> ModelInfo {
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
    fn the_embedding_is_found_or_asked_for() {
        let hidden = port("last_hidden_state", &[0, 50, 768]);
        let pooled = port("pooler_output", &[0, 768]);
        let both = model(vec![], vec![hidden.clone(), pooled]);
        let chosen = choose_output(&both, None, Side::Image);
        assert_eq!(chosen.map(|p| p.name.as_str()).ok(), Some("pooler_output"));

        let asked = choose_output(
            &model(vec![], vec![port("a", &[0, 8]), port("b", &[0, 8])]),
            None,
            Side::Text,
        )
        .map(|_| ())
        .err();
        assert!(
            matches!(asked, Some(Error::Ask { question: Question::TextOutput(n), .. }) if n == ["a", "b"])
        );

        let refused = choose_output(&model(vec![], vec![hidden]), None, Side::Image)
            .map(|_| ())
            .err();
        assert!(refused.is_some_and(|e| e.to_string().contains("per token or patch")));

        let squeezed = model(vec![], vec![port("y", &[0, 512, 1, 1])]);
        assert_eq!(
            choose_output(&squeezed, None, Side::Image)
                .ok()
                .and_then(embedding_length),
            Some(512)
        );
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
