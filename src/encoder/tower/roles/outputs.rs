//! Which output of a model is the embedding.

use super::{EXPORT, TowerKind, is_float, list};
use crate::encoder::tower::Pool;
use crate::encoder::tower::layout::Layout;
use crate::error::{Error, Question, Result};
use crate::onnx::{Dim, ModelInfo, Port};

/// The output that is the embedding, with the pooling that makes it one vector per row.
pub(in super::super) struct Chosen<'a> {
    pub port: &'a Port,
    pub pool: Option<Pool>,
}

/// The output that is the embedding: `wanted` (`NAME`, or `NAME[pooling]`); else `image_embeds` or `text_embeds`; else
/// the vectors per token that `pool` makes one of; else `pooler_output` or `sentence_embedding`; else the only one that
/// is a float vector per row.
///
/// # Errors
/// There is no such output, or it holds the score of each pair; the user must choose between several, or a pooling
/// ([`Error::Ask`]).
pub(in super::super) fn choose_output<'a>(
    info: &'a ModelInfo,
    wanted: Option<&str>,
    pool: Option<Pool>,
    kind: TowerKind,
) -> Result<Chosen<'a>> {
    let find = |name: &str| info.outputs.iter().find(|p| p.name == name);
    if let Some(whole) = wanted {
        let (bare, inner) = Pool::split(whole);
        let (port, inner) = match (find(whole), find(bare)) {
            (Some(port), _) => (port, None),
            (None, Some(port)) => (port, inner),
            (None, None) => {
                return Err(Error::model(
                    &info.path,
                    format!(
                        "has no output named {whole}; it has {}",
                        list(&info.outputs)
                    ),
                    "Choose one of these.",
                ));
            }
        };
        return vector_output(info, port, inner.or(pool), kind);
    }
    if let Some(port) = kind.names().into_iter().find_map(find) {
        return vector_output(info, port, pool, kind);
    }
    let sequences = || info.outputs.iter().filter(|p| is_sequence(p));
    if pool.is_some()
        && let Some(port) = find("last_hidden_state")
            .or(find("token_embeddings"))
            .or(sequences().next())
    {
        return vector_output(info, port, pool, kind);
    }
    if let Some(port) = ["pooler_output", "sentence_embedding"]
        .into_iter()
        .find_map(find)
    {
        return vector_output(info, port, pool, kind);
    }
    let vectors = info.outputs.iter().filter(|p| is_vector(p));
    let vectors: Vec<&Port> = vectors.filter(|p| !holds_scores(info, p, kind)).collect();
    match vectors.as_slice() {
        [only] => Ok(Chosen {
            port: only,
            pool: None,
        }),
        [] => {
            let first = sequences().next().or(info.outputs.first());
            let first = first.ok_or_else(|| Error::model(&info.path, "has no output", EXPORT))?;
            vector_output(info, first, pool, kind)
        }
        several => {
            if let Some(port) = told_by_name(several, kind) {
                Ok(Chosen { port, pool: None })
            } else {
                let names = several.iter().map(|p| p.name.clone()).collect();
                Err(Error::Ask {
                    path: info.path.clone(),
                    question: kind.question(names),
                })
            }
        }
    }
}

/// The one of `several` outputs whose name says that it is this side's embedding; of two of which one is the other
/// brought to unit norm, the plain one.
fn told_by_name<'a>(several: &[&'a Port], kind: TowerKind) -> Option<&'a Port> {
    let words: &[&str] = match kind {
        TowerKind::Image => &["image", "visual", "vision", "img"],
        TowerKind::Text => &["text", "txt", "caption"],
    };
    let lower = |p: &Port| p.name.to_lowercase();
    let embeds = |n: &str| n.contains("embed") || n.contains("feature");
    let mut own = several.iter().filter(|p| {
        let name = lower(p);
        embeds(&name) && words.iter().any(|w| name.contains(w))
    });
    let first = own.next()?;
    let rest: Vec<_> = own.collect();
    let shortest = rest.iter().fold(
        first,
        |a, b| if b.name.len() < a.name.len() { b } else { a },
    );
    let twins = std::iter::once(&first)
        .chain(&rest)
        .all(|p| lower(p).contains(&lower(shortest)));
    twins.then_some(*shortest)
}

/// Does an output hold a score for each pair of picture and caption? Its name says so, or the name of its second
/// dimension, which is the number of rows of the other side.
fn holds_scores(info: &ModelInfo, port: &Port, kind: TowerKind) -> bool {
    let rows = |port: &Port| match port.dims.first() {
        Some(Dim::Named(name)) => Some(name.clone()),
        _ => None,
    };
    let pictures = |p: &&Port| Layout::of(p).is_some();
    let main = |image: bool| info.inputs.iter().find(|p| pictures(p) == image);
    let (own, other) = match kind {
        TowerKind::Image => (main(true), main(false)),
        TowerKind::Text => (main(false), main(true)),
    };
    let (own, other) = (own.and_then(rows), other.and_then(rows));
    let second = match port.dims.get(1) {
        Some(Dim::Named(name)) => Some(name.clone()),
        _ => None,
    };
    port.name.to_lowercase().contains("logit")
        || (second.is_some() && second == other && other != own)
}

fn vector_output<'a>(
    info: &'a ModelInfo,
    port: &'a Port,
    pool: Option<Pool>,
    kind: TowerKind,
) -> Result<Chosen<'a>> {
    if holds_scores(info, port, kind) {
        return Err(Error::model(
            &info.path,
            format!(
                "its output {port} holds logits, the score of each pair of picture and caption, and no embedding"
            ),
            "Export the model with the two embeddings before the product as outputs.",
        ));
    }
    if is_vector(port) {
        return Ok(Chosen { port, pool: None });
    }
    if is_sequence(port) {
        return match pool {
            Some(_) => Ok(Chosen { port, pool }),
            None => Err(Error::Ask {
                path: info.path.clone(),
                question: match kind {
                    TowerKind::Image => Question::ImagePool(port.to_string()),
                    TowerKind::Text => Question::TextPool(port.to_string()),
                },
            }),
        };
    }
    let what = if is_float(port.elem) {
        format!("its output {port} is not one embedding per row")
    } else {
        format!("its output {port} is no float vector")
    };
    Err(Error::model(&info.path, what, EXPORT))
}

/// A vector per token or patch: `[n, length, d]`.
fn is_sequence(port: &Port) -> bool {
    is_float(port.elem) && port.has_shape && port.dims.len() == 3 && !is_vector(port)
}

/// One vector per row: `[n, d]`, or more dimensions of which all but one are 1; `[d]` for a model of one row.
fn is_vector(port: &Port) -> bool {
    let long = port
        .dims
        .iter()
        .skip(1)
        .filter(|d| **d != Dim::Fixed(1))
        .count();
    let lone = port.dims.len() == 1 && matches!(port.dims[0], Dim::Fixed(n) if n > 1);
    is_float(port.elem)
        && (!port.has_shape || lone || port.dims.len() == 2 || (port.dims.len() > 2 && long == 1))
}

/// The length of an embedding, where the output states it.
pub(in super::super) fn embedding_length(port: &Port) -> Option<usize> {
    let rank = port.dims.len();
    let mut long = port
        .dims
        .iter()
        .skip(usize::from(rank > 1))
        .filter(|d| rank <= 2 || **d != Dim::Fixed(1));
    let long = if rank == 3 && is_sequence(port) {
        port.dims.last()
    } else {
        long.next()
    };
    match long {
        Some(Dim::Fixed(d)) => Some(*d),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encoder::tower::roles::tests::{model, port};
    use crate::onnx::Elem;

    #[test]
    fn the_embedding_is_found_or_asked_for() {
        let hidden = port("last_hidden_state", &[0, 50, 768]);
        let pooled = port("pooler_output", &[0, 768]);
        let both = model(vec![], vec![hidden.clone(), pooled]);
        let chosen = choose_output(&both, None, None, TowerKind::Image);
        assert_eq!(
            chosen.map(|c| c.port.name.as_str()).ok(),
            Some("pooler_output")
        );
        let pooled = choose_output(&both, None, Some(Pool::Mean), TowerKind::Image);
        assert!(
            pooled.is_ok_and(|c| c.port.name == "last_hidden_state" && c.pool == Some(Pool::Mean))
        );

        let asked = choose_output(
            &model(vec![], vec![port("a", &[0, 8]), port("b", &[0, 8])]),
            None,
            None,
            TowerKind::Text,
        )
        .map(|_| ())
        .err();
        assert!(
            matches!(asked, Some(Error::Ask { question: Question::TextOutput(n), .. }) if n == ["a", "b"])
        );

        let refused = choose_output(
            &model(vec![], vec![hidden.clone()]),
            None,
            None,
            TowerKind::Image,
        )
        .map(|_| ())
        .err();
        assert!(refused.is_some_and(|e| e.to_string().contains("per token or patch")));

        let squeezed = model(vec![], vec![port("y", &[0, 512, 1, 1])]);
        assert_eq!(
            choose_output(&squeezed, None, None, TowerKind::Image)
                .ok()
                .and_then(|c| embedding_length(c.port)),
            Some(512)
        );
    }

    #[test]
    fn scores_of_pairs_are_no_embedding() {
        let named = |name: &str, dims: &[&str]| Port {
            name: name.into(),
            elem: Elem::F32,
            dims: dims.iter().map(|d| Dim::Named((*d).into())).collect(),
            has_shape: true,
        };
        let ids = Port {
            elem: Elem::I64,
            ..named("ids", &["captions", "length"])
        };
        let pixels = named("pixels", &["pictures", "c", "h", "w"]);
        let scores = named("out", &["pictures", "captions"]);
        let logits = port("LOGITS_PER_IMAGE", &[0, 4]);
        for (output, wanted) in [
            (scores.clone(), None),
            (scores, Some("out")),
            (logits, None),
        ] {
            let both = model(vec![ids.clone(), pixels.clone()], vec![output]);
            let refused = choose_output(&both, wanted, None, TowerKind::Image)
                .map(|_| ())
                .err();
            assert!(refused.is_some_and(|e| e.to_string().contains("logits")));
        }
    }

    #[test]
    fn names_tell_the_sides_of_a_file_with_both() {
        let names = [
            "text_embeddings",
            "image_embeddings",
            "l2norm_text_embeddings",
            "l2norm_image_embeddings",
        ];
        let both = model(vec![], names.map(|n| port(n, &[0, 8])).to_vec());
        for (kind, name) in [
            (TowerKind::Image, "image_embeddings"),
            (TowerKind::Text, "text_embeddings"),
        ] {
            let chosen = choose_output(&both, None, None, kind).map(|c| c.port.name.clone());
            assert_eq!(chosen.ok().as_deref(), Some(name));
        }
    }
}
