//! What `mine` prints and writes.

use super::{About, Found, size};
use crate::cli::output::{counted, emit, emit_with};
use crate::dataset::Dataset;
use crate::dataset::export::{Layout, write_training};
use crate::error::{Error, Result, thousands};
use crate::files::{replace, shown};
use crate::retrieval::mine::{Examples, Id, MineOptions, Mined, Pairing, Row};
use crate::retrieval::{Doubt, MAY_FIT, Side};
use crate::task::Task;
use clap::Args;
use rayon::prelude::*;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Lines of text shown.
const SHOWN: usize = 20;
/// Queries whose lines are made together.
const BLOCK: usize = 2048;

/// Where the negatives go.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub struct Output {
    /// File to write the negatives to; without it they are printed
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// What is written: pairs (one JSON object a line, into .jsonl), or the columns that sentence-transformers trains
    /// on, into .jsonl, .csv or .parquet: triplet, n-tuple, n-tuple-scores, labeled-pair, labeled-list
    #[arg(long, value_name = "FORMAT", default_value = "pairs", value_parser = form)]
    format: Form,
}

/// A line for each pair, or examples to train on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A line for each pair.
    Pairs,
    /// Examples in a layout.
    Training(Layout),
}

/// What is written, by its name.
pub fn form(text: &str) -> Result<Form, String> {
    match text {
        "pairs" => Ok(Form::Pairs),
        other => other
            .parse()
            .map(Form::Training)
            .map_err(|e: String| e.replace("one of", "one of pairs,")),
    }
}

impl Output {
    /// Refuses what cannot be written, before the work.
    pub fn check(&self) -> Result<()> {
        let wrong = |what: String, remedy: &str| Err(Error::request(what, remedy));
        match (&self.out, self.format) {
            (None, Form::Pairs) => Ok(()),
            (None, Form::Training(_)) => wrong(
                "training examples go into a file".into(),
                "Give --out FILE, named .jsonl, .csv or .parquet.",
            ),
            (Some(path), form) => {
                let known: &[&str] = match form {
                    Form::Pairs => &["jsonl", "ndjson"],
                    Form::Training(_) => &["jsonl", "csv", "parquet"],
                };
                if path
                    .extension()
                    .is_some_and(|e| known.iter().any(|k| e == *k))
                {
                    return Ok(());
                }
                wrong(
                    format!("{} is no known kind of file", path.display()),
                    &format!("Name it with the ending .{}.", known.join(" or .")),
                )
            }
        }
    }

    /// Writes or prints everything.
    pub fn write(
        &self,
        found: &Found,
        doubt: &Doubt<'_>,
        about: &About<'_>,
        options: &MineOptions,
        json: bool,
        task: &Task,
    ) -> Result<()> {
        let material = about.material;
        let total: usize = found.mined.iter().map(Mined::len).sum();
        let dataset = material.dataset.as_ref();
        task.begin("Writing", total as u64);
        let lines = |out: &mut dyn Write| lines(found, doubt, dataset, out, task);
        let Some(path) = &self.out else {
            if json {
                let mut out = io::BufWriter::new(io::stdout().lock());
                let mut account = json!({ "data": material.account });
                about.add_to(&mut account);
                let all = lines(&mut out).and_then(|()| writeln!(out, "{account}"));
                return match all.and_then(|()| out.flush()) {
                    Err(e) if e.kind() != io::ErrorKind::BrokenPipe => {
                        Err(Error::io("write to", Path::new("standard output"))(e))
                    }
                    _ => Ok(()),
                };
            }
            let mut text = format!("{}\n{}\n", material.account.describe(), size(material));
            text.push_str(&about.decided());
            for mined in &found.mined {
                table(&mut text, &pairing(found, doubt, mined), dataset);
            }
            return emit(&(), false, || text);
        };
        let mut report = json!({
            "out": shown(path),
            "negatives": total,
            "queries": found.mined.iter().map(|m| m.units.len()).sum::<usize>(),
        });
        about.add_to(&mut report);
        let mut skipped = String::new();
        match self.format {
            Form::Pairs => replace(path, |out| lines(out))?,
            Form::Training(layout) => {
                let examples = found.mined.iter().flat_map(|mined| {
                    let examples = Examples {
                        side: mined.side,
                        measured: options.measured,
                        groups: &material.embedded.groups,
                        pairs: &found.ranking.pairs,
                        dataset,
                    };
                    (0..mined.units.len())
                        .flat_map(move |u| examples.of(mined.units[u], mined.of(u)))
                });
                let rows = write_training(path, layout, options.k, examples, task)?;
                report["format"] = layout.name().into();
                report["rows"] = rows.rows.into();
                report["skipped"] = rows.skipped.into();
                skipped = format!(
                    ": {} rows of {}, {} examples left out for want of negatives",
                    thousands(rows.rows),
                    layout.name(),
                    thousands(rows.skipped)
                );
            }
        }
        emit_with(&report, &material.account, json, || {
            let negatives = counted(total, "negative");
            let (size, path) = (size(material), path.display());
            let decided = about.decided();
            format!("{decided}{negatives} of {size} written to {path}{skipped}")
        })
    }
}

impl About<'_> {
    /// Adds which decisions are held to, under the key `decisions`, where there are any.
    fn add_to(&self, report: &mut Value) {
        if let Some(kept) = self.decisions {
            report["decisions"] = json!({
                "file": shown(&kept.place),
                "confirmed": self.counts[0],
                "rejected": self.counts[1],
                "elsewhere": kept.elsewhere,
            });
        }
    }

    /// The same as a line of text; empty where there are none.
    fn decided(&self) -> String {
        self.decisions.map_or_else(String::new, |kept| {
            let [confirmed, rejected] = self.counts;
            let place = kept.place.display();
            format!("decided: {confirmed} confirmed, {rejected} rejected, kept in {place}\n")
        })
    }
}

fn pairing<'a>(found: &'a Found, doubt: &'a Doubt<'a>, mined: &'a Mined) -> Pairing<'a> {
    Pairing {
        mined,
        direction: match mined.side {
            Side::Image => &found.ranking.i2t,
            Side::Text => &found.ranking.t2i,
        },
        doubt,
    }
}

/// One JSON object a line.
fn lines(
    found: &Found,
    doubt: &Doubt<'_>,
    dataset: Option<&Dataset>,
    out: &mut dyn Write,
    task: &Task,
) -> io::Result<()> {
    for mined in &found.mined {
        let pairing = pairing(found, doubt, mined);
        let of = |u: usize| -> io::Result<Vec<u8>> {
            let mut lines = Vec::new();
            for &hit in mined.of(u) {
                let row = Row::new(&pairing.pair(u, hit), mined.side, dataset);
                serde_json::to_writer(&mut lines, &row)?;
                lines.push(b'\n');
            }
            Ok(lines)
        };
        for start in (0..mined.units.len()).step_by(BLOCK) {
            task.check().map_err(io::Error::other)?;
            let block = start..(start + BLOCK).min(mined.units.len());
            // Weighing a pair costs more than writing it.
            let texts: Vec<Vec<u8>> = block.into_par_iter().map(of).collect::<io::Result<_>>()?;
            for text in texts {
                out.write_all(&text)?;
            }
            task.add((BLOCK * mined.negatives.k) as u64);
        }
    }
    Ok(())
}

/// The smallest margins of one direction.
fn table(text: &mut String, pairing: &Pairing<'_>, dataset: Option<&Dataset>) {
    let mined = pairing.mined;
    let mut order: Vec<(f32, usize, usize)> = (0..mined.units.len())
        .flat_map(|u| {
            let hits = mined.of(u).iter().enumerate();
            hits.map(move |(at, hit)| (mined.units[u].score - hit.score, u, at))
        })
        .collect();
    order.sort_by(|a, b| a.0.total_cmp(&b.0).then((a.1, a.2).cmp(&(b.1, b.2))));
    let wins = order.iter().filter(|(margin, ..)| *margin < 0.0).count();
    let way = match mined.side {
        Side::Image => "Images look for captions",
        Side::Text => "Captions look for images",
    };
    let _ = writeln!(
        text,
        "\n{way}: {} for {}, {} of them above the right one",
        counted(order.len(), "negative"),
        counted(mined.units.len(), "query").replace("querys", "queries"),
        thousands(wins as u64)
    );
    if order.is_empty() {
        return;
    }
    let _ = writeln!(
        text,
        "{:>8} {:>5}  query; right; negative",
        "margin", "rank"
    );
    for &(_, u, at) in order.iter().take(SHOWN) {
        let pair = pairing.pair(u, mined.of(u)[at]);
        let _ = writeln!(text, "{}", line(&Row::new(&pair, mined.side, dataset)));
    }
    if let Some(more @ 1..) = order.len().checked_sub(SHOWN) {
        let _ = writeln!(
            text,
            "and {} more: --out FILE.jsonl writes all",
            thousands(more as u64)
        );
    }
}

fn line(row: &Row) -> String {
    let say = |id: &Id, words: &Option<String>| words.clone().unwrap_or_else(|| id.to_string());
    let doubt: Vec<String> = row
        .reasons
        .iter()
        .map(|reason| reason.describe(&row.evidence))
        .collect();
    let doubt = if doubt.is_empty() {
        String::new()
    } else {
        format!(" [{MAY_FIT}: {}]", doubt.join(", "))
    };
    format!(
        "{:>8.4} {:>5}  {}; {}; {}{doubt}",
        row.margin,
        row.rank
            .map_or_else(String::new, |rank| thousands(u64::from(rank))),
        say(&row.query, &row.query_text),
        say(&row.positive, &row.positive_text),
        say(&row.negative, &row.negative_text),
    )
}
