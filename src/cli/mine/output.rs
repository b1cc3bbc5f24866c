//! What `mine` prints and writes.

use super::{Found, size};
use crate::cli::material::Material;
use crate::cli::output::{counted, emit};
use crate::dataset::Dataset;
use crate::error::{Error, Result, thousands};
use crate::files::replace;
use crate::retrieval::mine::{Id, Mined, Pairing, Row};
use crate::retrieval::{Doubt, Side};
use crate::task::Task;
use clap::Args;
use serde_json::json;
use std::fmt::Write as _;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Lines of text shown.
const SHOWN: usize = 20;
/// Lines between two looks at the task.
const EVERY: usize = 256;

/// Where the negatives go.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub struct Output {
    /// File to write the negatives to; without it they are printed
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl Output {
    /// Refuses what cannot be written, before the work.
    pub fn check(&self) -> Result<()> {
        let Some(path) = &self.out else { return Ok(()) };
        match path.extension().and_then(|e| e.to_str()) {
            Some("jsonl" | "ndjson") => Ok(()),
            _ => Err(Error::request(
                format!("{} is no known kind of file", path.display()),
                "Name it with the ending .jsonl.",
            )),
        }
    }

    /// Writes or prints everything.
    pub fn write(
        &self,
        found: &Found,
        doubt: &Doubt<'_>,
        material: &Material,
        json: bool,
        task: &Task,
    ) -> Result<()> {
        let total: usize = found.mined.iter().map(Mined::len).sum();
        let dataset = material.dataset.as_ref();
        let pairing = |mined| Pairing {
            mined,
            direction: match mined.side {
                Side::Image => &found.ranking.i2t,
                Side::Text => &found.ranking.t2i,
            },
            doubt,
        };
        task.begin("Writing", total as u64);
        let lines = |out: &mut dyn Write| -> io::Result<()> {
            for mined in &found.mined {
                for (number, pair) in pairing(mined).iter().enumerate() {
                    let row = Row::new(&pair, mined.side, dataset);
                    serde_json::to_writer(&mut *out, &row)?;
                    out.write_all(b"\n")?;
                    if number.is_multiple_of(EVERY) {
                        task.check().map_err(io::Error::other)?;
                        task.add(EVERY as u64);
                    }
                }
            }
            Ok(())
        };
        if let Some(path) = &self.out {
            replace(path, |out| lines(out))?;
            let report = json!({
                "out": path,
                "negatives": total,
                "queries": found.mined.iter().map(|m| m.units.len()).sum::<usize>(),
            });
            return emit(&report, json, || {
                let negatives = counted(total, "negative");
                format!(
                    "{negatives} of {} written to {}",
                    size(material),
                    path.display()
                )
            });
        }
        if json {
            let mut out = io::BufWriter::new(io::stdout().lock());
            return match lines(&mut out).and_then(|()| out.flush()) {
                Err(e) if e.kind() != io::ErrorKind::BrokenPipe => {
                    Err(Error::io("write to", Path::new("standard output"))(e))
                }
                _ => Ok(()),
            };
        }
        let mut text = format!("{}\n", size(material));
        for mined in &found.mined {
            table(&mut text, &pairing(mined), dataset);
        }
        emit(&(), false, || text)
    }
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
        let row = Row::new(&pair, mined.side, dataset);
        let _ = writeln!(text, "{}", line(&row));
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
        format!(" [probably right: {}]", doubt.join(", "))
    };
    format!(
        "{:>8.4} {:>5}  {}; {}; {}{doubt}",
        row.margin,
        thousands(u64::from(row.rank)),
        say(&row.query, &row.query_text),
        say(&row.positive, &row.positive_text),
        say(&row.negative, &row.negative_text),
    )
}
