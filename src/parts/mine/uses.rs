//! No negative is used more often than was asked: over all queries of a side, at the merge.
//!
//! One machine lets units ask and candidates choose (`retrieval::mine::balance`). As both prefer by one measure, what comes
//! out is what a pass over all that may be taken finds, from the smallest measure up. So the claims of every task, which are
//! ordered, are read side by side and passed over once. In memory: 16 bytes and a bit for each claim of a unit, and the uses
//! of a candidate in 4 bytes.

use super::kept::{MinedMark, Origin};
use super::outcome::Became;
use crate::error::Result;
use crate::parts::run::{Mark, Run};
use crate::parts::stage::Picked;
use crate::task::Task;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::ops::Range;

/// Bytes of claims that are in memory, of all tasks together.
const ROOM: usize = 256 << 20;

/// Bytes of a claim as it is read.
const CLAIM: usize = 20;

/// Claims looked at between two looks at the task.
const BLOCK: u64 = 1 << 16;

/// What has what this process walked for, rather than a task.
const HERE: u32 = u32::MAX;

/// What was walked for in this process, by the unit.
pub(super) type Here = BTreeMap<Origin, Became>;

/// A task that has units of a side.
pub(super) struct Source<'a> {
    /// Its number.
    pub task: usize,
    /// Its mark.
    pub mark: &'a Mark<MinedMark>,
}

/// Which claims of a side are granted.
pub(super) struct Granted {
    /// The first unit of each piece of the side.
    first: BTreeMap<u32, usize>,
    /// The last task that has the unit.
    newest: Vec<u32>,
    /// Where the claims of a unit begin.
    starts: Vec<u64>,
    /// Claims granted to a unit.
    holds: Vec<u32>,
    /// A bit for each claim, in the order of the units' lines.
    bits: Vec<u64>,
}

impl Granted {
    /// Grants claims, `k` to a unit and `most` of a candidate. `pieces`: units of each piece of the side.
    ///
    /// # Errors
    /// A part cannot be read; cancellation.
    pub fn of(
        run: &Run,
        pieces: &[(u32, usize)],
        sources: &[Source<'_>],
        here: &Here,
        [k, most, candidates]: [usize; 3],
        task: &Task,
    ) -> Result<Self> {
        let mut first = BTreeMap::new();
        let mut units = 0;
        for &(piece, count) in pieces {
            first.insert(piece, units);
            units += count;
        }
        let mut granted = Self {
            first,
            newest: vec![0; units],
            starts: vec![0; units + 1],
            holds: vec![0; units],
            bits: Vec::new(),
        };
        let mut streams = Vec::new();
        for source in sources {
            task.check()?;
            let arrays = Picked::open(run, &source.mark.files[1])?;
            let wishes: Vec<u32> = arrays.all(run, "wishes")?;
            let units = granted.units(run, &arrays, source)?;
            for (u, &wishes) in wishes.iter().enumerate() {
                let at = units.at(u);
                granted.newest[at] = source.task as u32;
                granted.starts[at + 1] = wishes.into();
            }
            streams.push((source.task as u32, arrays, units));
        }
        let mut own = Vec::new();
        for (origin, became) in here {
            let Some(at) = granted.at(*origin) else {
                continue;
            };
            granted.newest[at] = HERE;
            granted.starts[at + 1] = became.claims.len() as u64;
            own.extend(became.claims.iter().map(|claim| (*claim, at)));
        }
        own.sort_by_key(|(claim, at)| (claim.key, *at));
        for at in 0..units {
            granted.starts[at + 1] += granted.starts[at];
        }
        let claims = granted.starts[units];
        granted.bits = vec![0; claims.div_ceil(64) as usize];
        let ahead = (ROOM / CLAIM / streams.len().max(1)).clamp(256, 1 << 16);
        let mut streams: Vec<Stream<'_>> = streams
            .into_iter()
            .map(|(task, arrays, units)| Stream::of_file(run, task, arrays, units, ahead))
            .collect();
        streams.push(Stream::of_here(run, own));
        granted.pass(&mut streams, [k, most, candidates], claims, task)?;
        Ok(granted)
    }

    /// Over all claims, from the smallest measure up.
    fn pass(
        &mut self,
        streams: &mut [Stream<'_>],
        [k, most, candidates]: [usize; 3],
        claims: u64,
        task: &Task,
    ) -> Result<()> {
        task.begin("Bounding the uses of negatives", claims);
        let mut uses = vec![0_u32; candidates];
        let mut next = BinaryHeap::new();
        for (s, stream) in streams.iter_mut().enumerate() {
            next.extend(stream.next()?.map(|found| Reverse((found, s))));
        }
        let mut count = 0_u64;
        while let Some(Reverse((found, s))) = next.pop() {
            next.extend(streams[s].next()?.map(|found| Reverse((found, s))));
            let Ahead {
                unit,
                place,
                candidate,
                ..
            } = found;
            // What a later task has of a unit takes the place of what an earlier one had.
            if self.newest[unit] != streams[s].task {
                continue;
            }
            count += 1;
            if count.is_multiple_of(BLOCK) {
                task.check()?;
                task.add(BLOCK);
            }
            let used = &mut uses[candidate as usize];
            if (self.holds[unit] as usize) < k && (*used as usize) < most {
                *used += 1;
                self.holds[unit] += 1;
                let bit = self.starts[unit] + u64::from(place);
                self.bits[(bit / 64) as usize] |= 1 << (bit % 64);
            }
        }
        Ok(())
    }

    /// The place of a unit among all of the side.
    pub fn at(&self, (piece, unit): Origin) -> Option<usize> {
        Some(self.first.get(&piece)? + unit as usize)
    }

    /// Claims that are granted to a unit.
    pub fn holds(&self, origin: Origin) -> usize {
        self.at(origin).map_or(0, |at| self.holds[at] as usize)
    }

    /// Units of which more was looked for after the tasks of the pieces.
    pub fn further(&self, pieces: usize) -> usize {
        let later = self.newest.iter().filter(|&&task| task as usize >= pieces);
        later.count()
    }

    /// Has this task what is newest of a unit?
    pub fn is_newest(&self, origin: Origin, task: usize) -> bool {
        self.at(origin)
            .is_some_and(|at| self.newest[at] == task as u32)
    }

    /// Is the claim at this place of a unit's lines granted?
    pub fn has(&self, origin: Origin, place: usize) -> bool {
        let Some(at) = self.at(origin) else {
            return false;
        };
        let bit = self.starts[at] + place as u64;
        bit < self.starts[at + 1] && self.bits[(bit / 64) as usize] >> (bit % 64) & 1 == 1
    }

    fn units(&self, run: &Run, arrays: &Picked, source: &Source<'_>) -> Result<Units> {
        if let Some(&first) = self.first.get(&(source.task as u32)) {
            return Ok(Units::From(first));
        }
        let pieces: Vec<u32> = arrays.all(run, "origin.pieces")?;
        let places: Vec<u32> = arrays.all(run, "origin.units")?;
        let origins = pieces.into_iter().zip(places);
        let at = |origin| self.at(origin).unwrap_or(usize::MAX);
        Ok(Units::Each(origins.map(at).collect()))
    }
}

/// The places of a task's units among all of the side.
enum Units {
    From(usize),
    Each(Vec<usize>),
}

impl Units {
    fn at(&self, unit: usize) -> usize {
        match self {
            Self::From(first) => first + unit,
            Self::Each(places) => places[unit],
        }
    }
}

/// A claim as it is passed over: by measure, then by unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Ahead {
    key: u64,
    unit: usize,
    /// Its number in its stream: the claims of a unit stay in their order.
    number: u64,
    place: u32,
    candidate: u32,
}

/// The claims of a task, in order.
struct Stream<'a> {
    run: &'a Run,
    task: u32,
    file: Option<(Picked, Units)>,
    /// Those that are not read yet.
    left: Range<usize>,
    step: usize,
    number: u64,
    /// Those that are, the next one last.
    ahead: Vec<Ahead>,
}

impl<'a> Stream<'a> {
    fn of_file(run: &'a Run, task: u32, file: Picked, units: Units, step: usize) -> Self {
        Self {
            run,
            task,
            left: 0..file.count("claims.keys"),
            file: Some((file, units)),
            step,
            number: 0,
            ahead: Vec::new(),
        }
    }

    fn of_here(run: &'a Run, claims: Vec<(super::outcome::Claim, usize)>) -> Self {
        let ahead = claims
            .into_iter()
            .enumerate()
            .map(|(n, (claim, unit))| Ahead {
                key: claim.key,
                unit,
                number: n as u64,
                place: claim.place,
                candidate: claim.candidate,
            });
        let mut ahead: Vec<Ahead> = ahead.collect();
        ahead.reverse();
        Self {
            run,
            task: HERE,
            file: None,
            left: 0..0,
            step: 0,
            number: 0,
            ahead,
        }
    }

    fn next(&mut self) -> Result<Option<Ahead>> {
        if self.ahead.is_empty() && !self.left.is_empty() {
            self.fill()?;
        }
        Ok(self.ahead.pop())
    }

    fn fill(&mut self) -> Result<()> {
        let Some((file, units)) = &self.file else {
            return Ok(());
        };
        let now = self.left.start..(self.left.start + self.step).min(self.left.end);
        self.left.start = now.end;
        let keys: Vec<u64> = file.span(self.run, "claims.keys", now.clone())?;
        let whole = |name| file.span::<u32>(self.run, name, now.clone());
        let (own, places) = (whole("claims.units")?, whole("claims.places")?);
        let candidates = whole("claims.candidates")?;
        let number = self.number;
        self.number += keys.len() as u64;
        self.ahead = (0..keys.len())
            .map(|n| Ahead {
                key: keys[n],
                unit: units.at(own[n] as usize),
                number: number + n as u64,
                place: places[n],
                candidate: candidates[n],
            })
            .rev()
            .collect();
        Ok(())
    }
}
