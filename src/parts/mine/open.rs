//! What is open when tasks are done: which units may find more, and of which round.

use super::kept::{MinedMark, Origin, waits};
use super::outcome::Waiting;
use super::task::{chosen_of, first_limit};
use super::uses::{Granted, Here, Source};
use crate::error::Result;
use crate::parts::plan::embed::version;
use crate::parts::plan::{Group, Mining, RankPlan, Round, SearchBlock, Slice, Work};
use crate::parts::run::{FileMark, Mark, Run, hash};
use crate::parts::stage::Picked;
use crate::parts::state::Arrays;
use crate::task::Task;

/// Everything that tasks left.
pub(super) struct Done<'a> {
    pub run: &'a Run,
    pub mining: &'a Mining,
    pub rank: &'a RankPlan,
    /// Of all tasks, in order.
    pub marks: &'a [Mark<MinedMark>],
}

/// What waits of a task.
pub(super) struct Left {
    task: usize,
    /// Which of what waits there, and whether its list must be longer; `None`: all, and it must.
    which: Option<Vec<(u32, bool)>>,
    count: usize,
}

impl Left {
    fn is_short(&self, at: usize) -> bool {
        self.which.as_ref().is_none_or(|which| which[at].1)
    }
}

/// What is open of a side.
pub(super) struct Open {
    pub of_images: bool,
    pub left: Vec<Left>,
}

impl Open {
    /// Units.
    pub fn units(&self) -> usize {
        self.left.iter().map(|left| left.count).sum()
    }

    /// Those whose lists must be longer.
    pub fn short(&self) -> usize {
        let short = |left: &Left| (0..left.count).filter(|&at| left.is_short(at)).count();
        self.left.iter().map(short).sum()
    }
}

impl<'a> Done<'a> {
    /// The tasks that have units of a side, in order.
    pub fn sources(&self, of_images: bool) -> Vec<Source<'a>> {
        let is_of = |n: &usize| match self.mining.work(*n) {
            Ok((Work::Piece(n), _)) => self.mining.plan.pieces[n].of_images == of_images,
            Ok((Work::Walk(r, g), _)) => self.mining.rounds[r].0.groups[g].of_images == of_images,
            _ => false,
        };
        let tasks = (0..self.marks.len()).filter(is_of);
        tasks
            .map(|task| Source {
                task,
                mark: &self.marks[task],
            })
            .collect()
    }

    /// The pieces of a side with their units.
    pub fn pieces(&self, of_images: bool) -> Vec<(u32, usize)> {
        let pieces = self.mining.plan.pieces.iter().enumerate();
        let own = pieces.filter(|(_, piece)| piece.of_images == of_images);
        own.map(|(n, _)| (n as u32, self.marks[n].of.units))
            .collect()
    }

    /// With a bound on the uses of a negative: which claims of a side are granted.
    ///
    /// # Errors
    /// A part cannot be read; cancellation.
    pub fn granted(&self, of_images: bool, here: &Here, task: &Task) -> Result<Option<Granted>> {
        let options = &self.mining.plan.options;
        let Some(most) = options.most_uses else {
            return Ok(None);
        };
        let candidates = self.mining.plan.size[usize::from(of_images)];
        let (pieces, sources) = (self.pieces(of_images), self.sources(of_images));
        let bounds = [options.k, most, candidates];
        Granted::of(self.run, &pieces, &sources, here, bounds, task).map(Some)
    }

    /// What is open of a side after its tasks.
    ///
    /// # Errors
    /// A part cannot be read.
    pub fn open(&self, of_images: bool, granted: Option<&Granted>) -> Result<Open> {
        let mut left = Vec::new();
        let last = self.mining.rounds.last();
        let newest = last.map_or(0, |(round, _)| round.first);
        for source in self.sources(of_images) {
            let count = source.mark.of.waiting;
            let Some(granted) = granted else {
                if source.task >= newest && count > 0 {
                    let (task, which) = (source.task, None);
                    left.push(Left { task, which, count });
                }
                continue;
            };
            if count == 0 {
                continue;
            }
            let which = self.hungry(&source, granted)?;
            if !which.is_empty() {
                left.push(Left {
                    task: source.task,
                    count: which.len(),
                    which: Some(which),
                });
            }
        }
        Ok(Open { of_images, left })
    }

    /// Units of a task that hold too few and may find more.
    fn hungry(&self, source: &Source<'_>, granted: &Granted) -> Result<Vec<(u32, bool)>> {
        let arrays = Picked::open(self.run, &source.mark.files[1])?;
        let all = |name| arrays.all::<u32>(self.run, name);
        let (units, short) = (all("waiting.units")?, all("waiting.short")?);
        let (pieces, places) = (all("origin.pieces")?, all("origin.units")?);
        let origin = |unit: u32| match pieces.get(unit as usize) {
            Some(&piece) => (piece, places[unit as usize]),
            None => (source.task as u32, unit),
        };
        let is_hungry = |unit: u32| {
            let origin = origin(unit);
            granted.is_newest(origin, source.task)
                && granted.holds(origin) < self.mining.plan.options.k
        };
        let all = units.iter().zip(&short).enumerate();
        let hungry = all.filter(|(_, (unit, _))| is_hungry(**unit));
        Ok(hungry
            .map(|(at, (_, short))| (at as u32, *short == 1))
            .collect())
    }

    /// Reads what is open.
    ///
    /// # Errors
    /// A part is missing or damaged.
    pub fn waiting(&self, open: &Open) -> Result<Vec<(Origin, Waiting)>> {
        let mut all = Vec::new();
        for left in &open.left {
            let wanted: Vec<u32> = match &left.which {
                Some(which) => which.iter().map(|(at, _)| *at).collect(),
                None => (0..left.count as u32).collect(),
            };
            let file = &self.marks[left.task].files[1];
            all.extend(waits(self.run, left.task, file, &wanted)?);
        }
        Ok(all)
    }

    /// Candidates by which lists grew last, and how many a unit may ask for.
    pub fn pace(&self) -> (usize, usize) {
        let last = self.mining.rounds.last();
        last.map_or((self.rank.k, first_limit(self.mining)), |(round, _)| {
            (round.page, round.limit)
        })
    }

    /// The hash of everything that the first `tasks` tasks left.
    pub fn hash_of(marks: &[Mark<MinedMark>]) -> String {
        let files = marks.iter().flat_map(|mark| &mark.files);
        let all: Vec<&str> = files.map(|file| file.blake3.as_str()).collect();
        hash(all.concat().as_bytes())
    }

    /// The plan of the next round: of searches for what is open, or of walks where no list must be longer.
    ///
    /// # Errors
    /// What is chosen cannot be written.
    pub fn next(&self, open: &[Open; 2]) -> Result<Round> {
        let (page, limit) = self.pace();
        let size = self.mining.plan.size;
        let last = self.mining.rounds.last();
        let mut round = Round {
            program: version(),
            before: last.map_or(&self.mining.hash, |(_, hash)| hash).clone(),
            of: Self::hash_of(self.marks),
            first: self.mining.tasks(),
            page: self
                .mining
                .plan
                .options
                .next_page(page, size[0].max(size[1])),
            limit: limit.saturating_mul(2),
            groups: Vec::new(),
            chosen: self.chosen(open)?,
            blocks: Vec::new(),
            searched: false,
        };
        for open in open {
            self.add(&mut round, open);
        }
        Ok(round)
    }

    /// Adds the groups of a side, and the blocks that search for them.
    fn add(&self, round: &mut Round, open: &Open) {
        let plan = &self.mining.plan;
        let cuts = self.rank.cuts.counts()[usize::from(open.of_images)];
        let candidates = plan.size[usize::from(open.of_images)];
        let page = round.page.min(candidates);
        let rows = candidates.div_ceil(cuts).max(1) as f64;
        // The row of a query twice, its candidates once for each thread and once as they are kept.
        let threads = rayon::current_num_threads().max(4) + 2;
        let bytes = self.rank.dim * 8 + page * 16 * threads;
        let by_memory = (plan.pace.memory as f64 / 4.0 / bytes as f64) as usize;
        let by_pairs = (plan.pace.pairs / rows) as usize;
        let most = by_memory.min(by_pairs).min(plan.queries).max(1);
        let round_of = |task: usize| {
            let rounds = self.mining.rounds.iter();
            rounds.filter(|(round, _)| round.first <= task).count()
        };
        let (mut slices, mut units, mut short) = (Vec::<Slice>::new(), 0, 0);
        let mut close = |slices: &mut Vec<Slice>, units: &mut usize, short: &mut usize| {
            if slices.is_empty() {
                return;
            }
            let group = round.groups.len();
            round.groups.push(Group {
                of_images: open.of_images,
                slices: std::mem::take(slices),
            });
            if *short > 0 {
                let step = (plan.pace.pairs / (*short as f64 * rows)) as usize;
                let step = step.clamp(1, cuts);
                let block = |from: usize| SearchBlock {
                    group,
                    from,
                    to: (from + step).min(cuts),
                };
                round.blocks.extend((0..cuts).step_by(step).map(block));
            }
            (*units, *short) = (0, 0);
        };
        for left in &open.left {
            // In the order of all, within what one round left.
            if slices
                .last()
                .is_some_and(|s| round_of(s.task) != round_of(left.task))
            {
                close(&mut slices, &mut units, &mut short);
            }
            let mut from = 0;
            while from < left.count {
                let to = (from + most - units).min(left.count);
                slices.push(Slice {
                    task: left.task,
                    from,
                    to,
                });
                units += to - from;
                short += (from..to).filter(|&at| left.is_short(at)).count();
                if units == most {
                    close(&mut slices, &mut units, &mut short);
                }
                from = to;
            }
        }
        close(&mut slices, &mut units, &mut short);
    }

    /// Writes which of those that wait are meant, where not all are.
    fn chosen(&self, open: &[Open; 2]) -> Result<Option<FileMark>> {
        let mut arrays = Arrays::default();
        let mut any = false;
        for left in open.iter().flat_map(|open| &open.left) {
            if let Some(which) = &left.which {
                let which: Vec<u32> = which.iter().map(|(at, _)| *at).collect();
                arrays.add(chosen_of(left.task), &which, 1);
                any = true;
            }
        }
        if !any {
            return Ok(None);
        }
        let name = format!(
            "parts/mine/round-{:05}.safetensors",
            self.mining.rounds.len()
        );
        let bytes = arrays.bytes()?;
        self.run.store().write(&name, &bytes)?;
        Ok(Some(FileMark {
            name,
            size: bytes.len() as u64,
            blake3: hash(&bytes),
        }))
    }
}
