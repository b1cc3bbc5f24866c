//! What a model declares, tried before it is trusted: rows together and alone, padding, lengths, both sides at once.

use crate::encoder::beside::Stated;
use crate::encoder::tokenize::{Tokenizer, Tokens};
use crate::encoder::tower::{Manner, Tower};
use crate::error::{Error, Result};

/// How far, as 1 less the cosine, a row may come out differently beside others: sums in another order. Files of float16
/// round more; those that quantise by the range of a whole run are said to shift.
const ALIKE: f64 = 1e-4;
const COARSE: f64 = 1e-3;
const SHIFTED: f64 = 0.02;
/// Lengths that text models were trained with.
const LENGTHS: [usize; 9] = [77, 64, 52, 32, 128, 256, 512, 248, 72];

/// What trials of one tower found.
#[derive(Debug, Default)]
pub(super) struct Tried {
    /// How it is run, each with the reason.
    pub stated: Vec<Stated>,
    /// What a reader of its figures must know.
    pub warnings: Vec<String>,
}

/// Runs an image tower on two pictures of noise, together and alone, and has it run as that shows to be right.
///
/// # Errors
/// It fails even on one picture, or gives scores of pairs.
pub(super) fn images(tower: &mut Tower) -> Result<Tried> {
    let mut random = fastrand::Rng::with_seed(7);
    let length = tower.picture_len();
    let top = if tower.layout().bytes { 255.0 } else { 1.0 };
    let pixels: Vec<f32> = (0..2 * length).map(|_| random.f32() * top).collect();
    let run = |tower: &Tower, first: usize, n: usize| {
        tower.embed_images(&pixels[first * length..(first + n) * length], n)
    };
    rows(tower, "pictures", &run)
}

/// A run of some rows, from the first on.
type Run<'a> = &'a dyn Fn(&Tower, usize, usize) -> Result<(Vec<f32>, usize)>;

/// Tries two rows together and alone.
fn rows(tower: &mut Tower, what: &'static str, run: Run<'_>) -> Result<Tried> {
    let mut tried = Tried::default();
    let mut manner = tower.manner();
    let both = tower.holds_both();
    let alone = match run(tower, 0, 1) {
        Ok(alone) => alone,
        Err(error) => return Err(refused(tower, what, error)),
    };
    if tower.fixed_batch() == Some(1) {
        return Ok(tried);
    }
    let mut together = run(tower, 0, 2);
    if together.is_err() && both {
        tower.run_as(Manner {
            equal: true,
            ..manner
        });
        together = run(tower, 0, 2);
        if together.is_ok() {
            manner.equal = true;
            tried.say(
                "rows",
                format!("{what} with as many of the other side"),
                "it fails on unequal numbers of both sides",
            );
        }
        tower.run_as(manner);
    }
    let pair = match together {
        Ok((pair, dim)) if dim == alone.1 => pair,
        Ok(_) => return Err(scores(tower)),
        Err(_) => {
            manner.alone = true;
            tower.run_as(manner);
            tried.say(
                "rows",
                "one by one",
                format!("it fails on two {what} at once"),
            );
            return Ok(tried);
        }
    };
    if both && !manner.equal {
        // Another number of rows of the other side must change nothing.
        tower.run_as(Manner {
            equal: true,
            ..manner
        });
        let other = run(tower, 0, 2);
        tower.run_as(manner);
        if other.is_ok_and(|(_, dim)| dim != alone.1) {
            return Err(scores(tower));
        }
    }
    let second = run(tower, 1, 1)?.0;
    let off = apart(&pair[..alone.1], &alone.0).max(apart(&pair[alone.1..], &second));
    let dynamic = tower.model().ops.contains_key("DynamicQuantizeLinear");
    let coarse = tower.is_coarse() || tower.provider() != "CPU";
    let limit = match (dynamic, coarse) {
        (true, _) => SHIFTED,
        (false, true) => COARSE,
        (false, false) => ALIKE,
    };
    if off > limit {
        manner.alone = true;
        tower.run_as(manner);
        tried.say(
            "rows",
            "one by one",
            format!(
                "two {what} at once come out otherwise than alone (cosine {:.4})",
                1.0 - off
            ),
        );
    } else if dynamic && off > ALIKE {
        tried.warnings.push(format!(
            "{}: it quantises by the range of a whole run, so an embedding depends a little on what runs beside it \
             (cosine {:.4}); --batch 1 avoids that.",
            tower.model().path.display(),
            1.0 - off
        ));
    }
    Ok(tried)
}

/// Runs a text tower on captions of one length and of two, together and alone, and has it run as that shows to be right;
/// the number of tokens that it needs, where it runs at one alone.
///
/// # Errors
/// It runs at no length that is known.
pub(super) fn texts(tower: &mut Tower, tokenizer: &Tokenizer) -> Result<(Tried, Option<usize>)> {
    let given = tokenizer.encode(&["a photo of a dog", "a drawing of a cat on the road"])?;
    let mut found = None;
    let mut stated = Vec::new();
    if tower.sequence_length().is_none() && run(tower, &row(&given, 0)).is_err() {
        let longer = run(tower, &wider(&row(&given, 0), given.cols + 1, tokenizer));
        if longer.is_err() {
            let known = std::iter::once(given.cols).chain(LENGTHS);
            let runs = known.filter(|n| *n >= given.cols).find(|n| {
                let trial = wider(&row(&given, 0), *n, tokenizer);
                run(tower, &trial).is_ok()
            });
            let Some(length) = runs else {
                return Err(lengthless(tower, &given));
            };
            found = Some(length);
            tower.run_as(Manner {
                length: Some(length),
                ..tower.manner()
            });
            stated.push(Stated::other(
                "tokens per caption",
                length.to_string(),
                "tried: the model runs at no other length",
            ));
        }
    }
    let cols = tower
        .sequence_length()
        .unwrap_or(given.cols)
        .max(given.cols);
    let given = wider(&given, cols, tokenizer);
    let of = |tower: &Tower, first: usize, n: usize| {
        let part = Tokens {
            ids: given.ids[first * cols..(first + n) * cols].to_vec(),
            mask: given.mask[first * cols..(first + n) * cols].to_vec(),
            rows: n,
            cols,
        };
        tower.embed_texts(&part)
    };
    let fits = tower.sequence_length().is_none_or(|n| n == cols);
    let mut tried = if fits {
        rows(tower, "captions", &of)?
    } else {
        Tried::default()
    };
    if tower.sequence_length().is_none() && tokenizer.fixed_length().is_none() {
        let short = row(&given, 0);
        let short = trimmed(&short);
        let plain = run(tower, &short)?;
        let padded = run(tower, &wider(&short, short.cols + 4, tokenizer));
        let sees = !padded.is_ok_and(|padded| apart(&padded.0, &plain.0) <= ALIKE);
        tower.run_as(Manner {
            sees_padding: Some(sees),
            ..tower.manner()
        });
        if sees {
            // Captions of one length run together then, as is right for such a model: nothing to warn of.
            tried.stated.push(Stated::other(
                "rows",
                "captions of one length at a time",
                "tried: padding changes an embedding",
            ));
        }
    }
    stated.append(&mut tried.stated);
    tried.stated = stated;
    Ok((tried, found))
}

fn run(tower: &Tower, tokens: &Tokens) -> Result<(Vec<f32>, usize)> {
    tower.embed_texts(tokens)
}

/// Row `at` alone.
fn row(tokens: &Tokens, at: usize) -> Tokens {
    let range = at * tokens.cols..(at + 1) * tokens.cols;
    Tokens {
        ids: tokens.ids[range.clone()].to_vec(),
        mask: tokens.mask[range].to_vec(),
        rows: 1,
        cols: tokens.cols,
    }
}

/// A row without the padding behind it.
fn trimmed(tokens: &Tokens) -> Tokens {
    let cols = tokens
        .mask
        .iter()
        .rposition(|m| *m != 0)
        .map_or(1, |at| at + 1);
    Tokens {
        ids: tokens.ids[..cols].to_vec(),
        mask: tokens.mask[..cols].to_vec(),
        rows: 1,
        cols,
    }
}

/// `tokens` padded to `cols`.
fn wider(tokens: &Tokens, cols: usize, tokenizer: &Tokenizer) -> Tokens {
    if cols <= tokens.cols {
        return tokens.clone();
    }
    let pad = i64::from(tokenizer.pad_id());
    let widen = |values: &[i64], with: i64| -> Vec<i64> {
        let row = |row: &[i64]| {
            let mut row = row.to_vec();
            row.resize(cols, with);
            row
        };
        values
            .chunks_exact(tokens.cols.max(1))
            .flat_map(row)
            .collect()
    };
    Tokens {
        ids: widen(&tokens.ids, pad),
        mask: widen(&tokens.mask, 0),
        rows: tokens.rows,
        cols,
    }
}

/// 1 less the cosine of two vectors; infinite where one is not finite and the other is, 0 where neither can be compared.
fn apart(a: &[f32], b: &[f32]) -> f64 {
    let finite = |v: &[f32]| v.iter().all(|x| x.is_finite());
    match (finite(a), finite(b)) {
        (true, true) => {}
        (false, false) => return 0.0,
        _ => return f64::INFINITY,
    }
    let dot = |x: &[f32], y: &[f32]| -> f64 {
        x.iter()
            .zip(y)
            .map(|(p, q)| f64::from(*p) * f64::from(*q))
            .sum()
    };
    let norms = (dot(a, a) * dot(b, b)).sqrt();
    if norms > 0.0 {
        1.0 - dot(a, b) / norms
    } else {
        0.0
    }
}

impl Tried {
    fn say(&mut self, what: &'static str, value: impl Into<String>, why: impl std::fmt::Display) {
        let stated = Stated::other(what, value, format!("tried: {why}"));
        self.warnings.push(format!("Run {}: {why}.", stated.value));
        self.stated.push(stated);
    }
}

fn scores(tower: &Tower) -> Error {
    Error::model(
        &tower.model().path,
        format!(
            "its output {} holds logits, the score of each pair of picture and caption, and no embedding: its length \
             follows the number of rows of the other side",
            tower.output()
        ),
        "Export the model with the two embeddings before the product as outputs.",
    )
}

fn refused(tower: &Tower, what: &str, error: Error) -> Error {
    if error.is_cancelled() {
        return error;
    }
    Error::model(
        &tower.model().path,
        format!("fails even on a single row of {what} made up for trial: {error}"),
        "Export the model again and run it once with ONNX Runtime; or try another provider.",
    )
}

fn lengthless(tower: &Tower, given: &Tokens) -> Error {
    let lengths: Vec<String> = LENGTHS.iter().map(ToString::to_string).collect();
    Error::model(
        &tower.model().path,
        format!(
            "runs neither on a caption of {} tokens nor padded to a length of {}",
            given.cols,
            lengths.join(", ")
        ),
        "Write the number of tokens that it was exported for into tokenizer_config.json, as \"model_max_length\", with \
         \"padding\" in tokenizer.json.",
    )
}
