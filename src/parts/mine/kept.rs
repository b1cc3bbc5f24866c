//! What a task of mining leaves: lines, and what waits.

use super::outcome::{Became, Claim, Waiting};
use crate::compute::Hit;
use crate::error::Result;
use crate::parts::run::{FileMark, Run, Stage, part_name};
use crate::parts::state::{Arrays, Read};
use crate::retrieval::mine::{List, Unit};
use serde::{Deserialize, Serialize};

/// A unit by the piece that it belongs to and its place there.
pub(super) type Origin = (u32, u32);

/// What a mark says of a task of mining besides.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct MinedMark {
    /// Queries, or pairs.
    pub units: usize,
    /// Those of which more may be found.
    pub waiting: usize,
    /// Candidates that were given and are positives.
    pub positives: u64,
}

/// What a task leaves, as it is found.
#[derive(Default)]
pub(super) struct Leaves {
    lines: Vec<u8>,
    ends: Vec<u64>,
    wishes: Vec<u32>,
    waiting: Vec<(u32, Waiting)>,
    claims: Vec<(Claim, u32)>,
    origins: Vec<Origin>,
}

impl Leaves {
    /// Adds a unit.
    pub fn add(&mut self, became: Became, origin: Option<Origin>) {
        let unit = self.ends.len() as u32;
        self.lines.extend(became.lines);
        self.ends.push(self.lines.len() as u64);
        self.wishes.push(became.claims.len() as u32);
        self.claims
            .extend(became.claims.into_iter().map(|claim| (claim, unit)));
        self.waiting.extend(became.waits.map(|waits| (unit, waits)));
        self.origins.extend(origin);
    }

    /// What the mark says of it.
    pub fn mark(&self) -> MinedMark {
        MinedMark {
            units: self.ends.len(),
            waiting: self.waiting.len(),
            positives: 0,
        }
    }

    /// The files of task `n`.
    pub fn files(mut self, n: usize) -> Result<[(String, Vec<u8>); 2]> {
        // Of one unit in its order of preference: the sort is stable.
        self.claims.sort_by_key(|(claim, unit)| (claim.key, *unit));
        let mut arrays = Arrays::default();
        arrays.add("ends", &self.ends, 1);
        arrays.add("wishes", &self.wishes, 1);
        let of = |value: fn(&(Claim, u32)) -> u32| -> Vec<u32> {
            self.claims.iter().map(value).collect()
        };
        let keys: Vec<u64> = self.claims.iter().map(|(claim, _)| claim.key).collect();
        arrays.add("claims.keys", &keys, 1);
        arrays.add("claims.units", &of(|(_, unit)| *unit), 1);
        arrays.add("claims.places", &of(|(claim, _)| claim.place), 1);
        arrays.add("claims.candidates", &of(|(claim, _)| claim.candidate), 1);
        let origins = self.origins.iter();
        let (pieces, units): (Vec<u32>, Vec<u32>) = origins.copied().unzip();
        arrays.add("origin.pieces", &pieces, 1);
        arrays.add("origin.units", &units, 1);
        add_waiting(&mut arrays, &self.waiting);
        let kind = Stage::Mine.name();
        Ok([
            (part_name(kind, n, "jsonl"), self.lines),
            (part_name(kind, n, "safetensors"), arrays.bytes()?),
        ])
    }
}

fn add_waiting(arrays: &mut Arrays, waiting: &[(u32, Waiting)]) {
    let of = |value: fn(&Waiting) -> u32| -> Vec<u32> {
        waiting.iter().map(|(_, unit)| value(unit)).collect()
    };
    let units: Vec<u32> = waiting.iter().map(|(unit, _)| *unit).collect();
    let scores: Vec<f32> = waiting.iter().map(|(_, w)| w.unit.score).collect();
    let floors: Vec<f32> = waiting.iter().map(|(_, w)| w.list.floor).collect();
    let hits = || waiting.iter().flat_map(|(_, w)| &w.list.hits);
    let mut so_far = 0;
    let mut ends = vec![0_u32];
    ends.extend(waiting.iter().map(|(_, w)| {
        so_far += w.list.hits.len() as u32;
        so_far
    }));
    arrays.add("waiting.units", &units, 1);
    arrays.add("waiting.queries", &of(|w| w.unit.query), 1);
    arrays.add("waiting.positives", &of(|w| w.unit.positive), 1);
    arrays.add("waiting.short", &of(|w| w.short.into()), 1);
    arrays.add("waiting.scores", &scores, 1);
    arrays.add("waiting.floors", &floors, 1);
    arrays.add("waiting.ends", &ends, 1);
    let scores: Vec<f32> = hits().map(|hit| hit.score).collect();
    let indices: Vec<u32> = hits().map(|hit| hit.index).collect();
    arrays.add("hits.scores", &scores, 1);
    arrays.add("hits.indices", &indices, 1);
}

/// What waits of task `n`, whose arrays these are: of what waits there, those `wanted`, with the origin of each.
pub(super) fn waits(
    run: &Run,
    n: usize,
    file: &FileMark,
    wanted: &[u32],
) -> Result<Vec<(Origin, Waiting)>> {
    let bytes = run.read(file)?;
    let read = Read::of(file, &bytes)?;
    let whole = |name: &str| read.get::<u32>(name).map(|(values, _)| values);
    let real = |name: &str| read.get::<f32>(name).map(|(values, _)| values);
    let (units, queries) = (whole("waiting.units")?, whole("waiting.queries")?);
    let (positives, scores) = (whole("waiting.positives")?, real("waiting.scores")?);
    let (floors, ends) = (real("waiting.floors")?, whole("waiting.ends")?);
    let (hit_scores, indices) = (real("hits.scores")?, whole("hits.indices")?);
    let short = whole("waiting.short")?;
    let (pieces, places) = (whole("origin.pieces")?, whole("origin.units")?);
    let of = |at: u32| -> Option<(Origin, Waiting)> {
        let at = at as usize;
        let unit = *units.get(at)?;
        let hits = *ends.get(at)? as usize..*ends.get(at + 1)? as usize;
        let hits = hit_scores.get(hits.clone())?.iter().zip(&indices[hits]);
        let origin = match pieces.get(unit as usize) {
            Some(&piece) => (piece, *places.get(unit as usize)?),
            None => (n as u32, unit),
        };
        let waiting = Waiting {
            unit: Unit {
                query: *queries.get(at)?,
                positive: *positives.get(at)?,
                score: *scores.get(at)?,
            },
            list: List {
                hits: hits.map(|(&score, &index)| Hit { score, index }).collect(),
                floor: *floors.get(at)?,
            },
            short: *short.get(at)? == 1,
        };
        Some((origin, waiting))
    };
    let found = wanted.iter().map(|&at| of(at).ok_or_else(|| torn(file)));
    found.collect()
}

/// Arrays that do not fit each other.
pub(super) fn torn(file: &FileMark) -> crate::error::Error {
    crate::error::Error::request(
        format!("the arrays of {} do not fit each other", file.name),
        "Let its task be done again.",
    )
}
