//! The lines of every unit, from the last task that has it.

use super::kept::Origin;
use super::open::Done;
use super::pick::Picked;
use super::uses::{Granted, Here};
use crate::dataset::export::Example;
use crate::error::{Error, Result};
use crate::parts::plan::Work;
use crate::parts::run::FileMark;
use crate::parts::state::Read;

/// What tasks and this process found.
pub(super) struct Found<'a> {
    pub done: &'a Done<'a>,
    pub here: &'a Here,
    /// Of captions and of images, as a truth value indexes them.
    pub granted: &'a [Option<Granted>; 2],
    walks: Vec<Walk>,
}

/// A task of a further round, held in memory while pieces are written that it has units of.
struct Walk {
    task: usize,
    pieces: std::ops::RangeInclusive<u32>,
    held: Option<Held>,
}

/// The lines of a task.
struct Held {
    text: Vec<u8>,
    ends: Vec<u64>,
    origins: Vec<Origin>,
}

impl Held {
    fn of(&self, unit: usize) -> &[u8] {
        let from = unit.checked_sub(1).map_or(0, |before| self.ends[before]);
        let own = from as usize..self.ends[unit] as usize;
        self.text.get(own).unwrap_or_default()
    }

    fn find(&self, origin: Origin) -> Option<&[u8]> {
        let at = self.origins.binary_search(&origin).ok()?;
        Some(self.of(at))
    }
}

impl<'a> Found<'a> {
    /// Of everything that tasks left.
    ///
    /// # Errors
    /// A part cannot be read.
    pub fn new(
        done: &'a Done<'a>,
        here: &'a Here,
        granted: &'a [Option<Granted>; 2],
    ) -> Result<Self> {
        let mut walks = Vec::new();
        for (task, mark) in done.marks.iter().enumerate() {
            if !matches!(done.mining.work(task)?.0, Work::Walk(..)) {
                continue;
            }
            let arrays = Picked::open(done.run, &mark.files[1])?;
            let pieces: Vec<u32> = arrays.all(done.run, "origin.pieces")?;
            if let (Some(&first), Some(&last)) = (pieces.first(), pieces.last()) {
                walks.push(Walk {
                    task,
                    pieces: first..=last,
                    held: None,
                });
            }
        }
        Ok(Self {
            done,
            here,
            granted,
            walks,
        })
    }

    /// The lines of a piece; pieces are asked for in order.
    ///
    /// # Errors
    /// A part is missing or damaged.
    pub fn of(&mut self, piece: usize) -> Result<Vec<u8>> {
        let number = piece as u32;
        for walk in &mut self.walks {
            if !walk.pieces.contains(&number) {
                walk.held = None;
            } else if walk.held.is_none() {
                walk.held = Some(self.done.held(walk.task)?);
            }
        }
        let own = self.done.held(piece)?;
        let plan = &self.done.mining.plan;
        let granted = self.granted[usize::from(plan.pieces[piece].of_images)].as_ref();
        let is_example = plan.layout.is_some();
        let mut out = Vec::with_capacity(own.text.len());
        for unit in 0..own.ends.len() {
            let origin = (number, unit as u32);
            let mut held = self
                .walks
                .iter()
                .rev()
                .filter_map(|walk| walk.held.as_ref());
            let lines = match self.here.get(&origin) {
                Some(became) => &became.lines,
                None => held
                    .find_map(|held| held.find(origin))
                    .unwrap_or_else(|| own.of(unit)),
            };
            let Some(granted) = granted else {
                out.extend_from_slice(lines);
                continue;
            };
            let has = |place: usize| granted.has(origin, place);
            let lines = lines.split_inclusive(|&b| b == b'\n');
            if is_example {
                for line in lines {
                    example(line, has, &mut out)?;
                }
            } else {
                let own = lines.enumerate().filter(|(place, _)| has(*place));
                own.for_each(|(_, line)| out.extend_from_slice(line));
            }
        }
        Ok(out)
    }
}

/// An example with the negatives that it has.
fn example(line: &[u8], has: impl Fn(usize) -> bool, out: &mut Vec<u8>) -> Result<()> {
    let fault = |e: serde_json::Error| Error::plan(format!("a line is no example: {e}"));
    let mut example: Example = serde_json::from_slice(line).map_err(fault)?;
    let mut place = 0;
    example.negatives.retain(|_| {
        place += 1;
        has(place - 1)
    });
    serde_json::to_writer(&mut *out, &example).map_err(fault)?;
    out.push(b'\n');
    Ok(())
}

impl Done<'_> {
    fn held(&self, task: usize) -> Result<Held> {
        let [lines, arrays]: &[FileMark] = &self.marks[task].files else {
            return Err(Error::plan("a mark of mining names other files"));
        };
        let text = self.run.read(lines)?;
        let bytes = self.run.read(arrays)?;
        let read = Read::of(arrays, &bytes)?;
        let pieces: Vec<u32> = read.get("origin.pieces")?.0;
        let units: Vec<u32> = read.get("origin.units")?.0;
        Ok(Held {
            text,
            ends: read.get("ends")?.0,
            origins: pieces.into_iter().zip(units).collect(),
        })
    }
}
