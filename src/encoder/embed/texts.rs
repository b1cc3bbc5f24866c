//! Embeds captions: each distinct one once, those of like length together.

use super::batches::{Pace, Rows, all_finite};
use super::key;
use crate::encoder::cache::{Cache, RowHash, Writer};
use crate::encoder::dual::Encoder;
use crate::error::{Error, Result};
use crate::runtime::Stop;
use crate::task::Task;
use std::collections::HashMap;

/// What became of the captions.
pub(super) struct Texts {
    /// A row per caption, in their order.
    pub rows: Rows,
    pub cached: usize,
    pub warning: Option<String>,
}

/// Captions tokenized at once, and their bytes: bounds the memory that tokens take.
const WINDOW: usize = 8192;
const WINDOW_BYTES: usize = 1 << 20;

/// A distinct caption.
struct Distinct<'a> {
    text: &'a str,
    /// The first caption that says so.
    first: usize,
    /// How many say so.
    count: u64,
    hash: RowHash,
}

/// Embeds `texts`.
///
/// # Errors
/// There are none; the model fails, or gives NaN (the caption is named); cancellation.
pub(super) fn embed(
    encoder: &Encoder,
    texts: &[String],
    cache: Option<&Cache>,
    task: &Task,
) -> Result<Texts> {
    task.begin("Embedding captions", texts.len() as u64);
    if texts.is_empty() {
        return Err(Error::request(
            "there is no caption to embed",
            "Type or open at least one.",
        ));
    }
    let (distinct, same_as) = distinguish(texts);
    let (shelf, mut writer) = key::shelf(
        cache,
        encoder.text_tower(),
        &encoder.tokenizer().fingerprint(),
        task,
    )?;
    let mut done = Texts {
        rows: Rows::new(texts.len()),
        cached: 0,
        warning: None,
    };
    let mut missing = Vec::new();
    for caption in &distinct {
        if missing.len() + done.cached % 1024 == 0 {
            task.check()?;
        }
        match shelf.get(&caption.hash) {
            Some(row) => {
                done.rows.put(caption.first, &row);
                done.cached += caption.count as usize;
                task.add(caption.count);
            }
            None => missing.push(caption),
        }
    }
    let stop = Stop::watch(task);
    let mut pace = Pace::new(encoder);
    for window in windows(&missing) {
        embed_window(
            encoder,
            window,
            &mut pace,
            &stop,
            &mut writer,
            &mut done.rows,
            task,
        )?;
    }
    let dim = done.rows.dim;
    for (j, &first) in same_as.iter().enumerate().filter(|(j, first)| j != *first) {
        done.rows
            .values
            .copy_within(first * dim..(first + 1) * dim, j * dim);
    }
    Ok(Texts {
        warning: writer.warning(),
        ..done
    })
}

/// `captions` in windows of at most [`WINDOW`] and [`WINDOW_BYTES`], or of one that is longer.
fn windows<'a, 'b>(
    captions: &'b [&'a Distinct<'a>],
) -> impl Iterator<Item = &'b [&'a Distinct<'a>]> {
    let mut rest = captions;
    std::iter::from_fn(move || {
        let mut bytes = 0;
        let fits = |caption: &&&Distinct<'_>| {
            bytes += caption.text.len();
            bytes <= WINDOW_BYTES
        };
        let count = rest.iter().take(WINDOW).take_while(fits).count();
        let (window, later) = rest.split_at_checked(count.max(1))?;
        rest = later;
        Some(window)
    })
}

/// The distinct captions, and for each caption the first that says the same.
fn distinguish(texts: &[String]) -> (Vec<Distinct<'_>>, Vec<usize>) {
    let mut known: HashMap<&str, usize> = HashMap::with_capacity(texts.len());
    let (mut distinct, mut same_as) = (Vec::<Distinct<'_>>::new(), Vec::with_capacity(texts.len()));
    for (j, text) in texts.iter().enumerate() {
        let place = *known.entry(text).or_insert(distinct.len());
        if place == distinct.len() {
            distinct.push(Distinct {
                text,
                first: j,
                count: 0,
                hash: *blake3::hash(text.as_bytes()).as_bytes(),
            });
        }
        distinct[place].count += 1;
        same_as.push(distinct[place].first);
    }
    (distinct, same_as)
}

fn embed_window(
    encoder: &Encoder,
    window: &[&Distinct<'_>],
    pace: &mut Pace,
    stop: &Stop,
    writer: &mut Writer,
    rows: &mut Rows,
    task: &Task,
) -> Result<()> {
    let (tower, tokenizer) = (encoder.text_tower(), encoder.tokenizer());
    let all: Vec<&str> = window.iter().map(|c| c.text).collect();
    let tokens = tokenizer.encode(&all)?;
    let lengths: Vec<i64> = tokens
        .mask
        .chunks_exact(tokens.cols.max(1))
        .map(|row| row.iter().sum())
        .collect();
    drop(tokens);
    let mut order: Vec<usize> = (0..window.len()).collect();
    order.sort_by_key(|&i| lengths[i]);
    // Where a model sees padding, only captions of one length may share a batch: no result then depends on its
    // neighbours. Elsewhere sorting alone saves most of the padding.
    let alike = tower.sees_padding();
    let mut rest = order.as_slice();
    while let Some(&shortest) = rest.first() {
        let most = if alike {
            rest.partition_point(|&i| lengths[i] == lengths[shortest])
        } else {
            rest.len()
        };
        let (batch, later) = rest.split_at(pace.size().min(most));
        rest = later;
        let texts: Vec<&str> = batch.iter().map(|&i| window[i].text).collect();
        let tokens = tokenizer.encode(&texts)?;
        let (values, dim) = pace.run(task, || tower.embed_texts_until(&tokens, stop))?;
        all_finite(&values, dim, &tower.model().path, |row| {
            format!("the caption {:?}", shortened(texts[row]))
        })?;
        let hashes: Vec<RowHash> = batch.iter().map(|&i| window[i].hash).collect();
        writer.append(&hashes, &values, dim);
        for (&i, row) in batch.iter().zip(values.chunks_exact(dim)) {
            rows.put(window[i].first, row);
            task.add(window[i].count);
        }
    }
    Ok(())
}

/// At most 80 characters of a caption, for a message.
fn shortened(text: &str) -> String {
    let mut short: String = text.chars().take(80).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_caption_is_embedded_once() {
        let texts = ["a", "b", "a", "a"].map(String::from);
        let (distinct, same_as) = distinguish(&texts);
        assert_eq!(
            distinct
                .iter()
                .map(|d| (d.text, d.first, d.count))
                .collect::<Vec<_>>(),
            [("a", 0, 3), ("b", 1, 1)]
        );
        assert_eq!(same_as, [0, 1, 0, 0]);
    }

    #[test]
    fn windows_are_bounded_by_number_and_by_bytes() {
        let long = "a".repeat(WINDOW_BYTES / 2 - 10);
        let huge = "b".repeat(WINDOW_BYTES + 1);
        let mut texts: Vec<String> = (0..WINDOW + 5).map(|n| format!("{n}")).collect();
        texts.extend([1, 2, 3].map(|n| format!("{long}{n}")));
        texts.push(huge);
        let (distinct, _) = distinguish(&texts);
        let all: Vec<_> = distinct.iter().collect();
        let sizes: Vec<usize> = windows(&all).map(<[_]>::len).collect();
        assert_eq!(sizes.iter().sum::<usize>(), texts.len());
        assert_eq!((sizes[0], sizes[sizes.len() - 1]), (WINDOW, 1));
        assert_eq!(windows(&[]).count(), 0);
    }

    #[test]
    fn long_captions_are_shortened_on_a_character() {
        assert_eq!(shortened("short"), "short");
        assert_eq!(shortened(&"ä".repeat(100)).chars().count(), 81);
    }
}
