//! The figures of an attacked set out of its parts: `attack.json`, as one machine tells them.

use super::{kind, whole_ranking};
use crate::attack::{FoundOfSet, PieceDone, SetAnswer, SetReport, report_found};
use crate::compute::{Groups, Steps, TIE};
use crate::dataset::Account;
use crate::error::{Error, Result};
use crate::parts::plan::{AttackPlan, RankPlan};
use crate::parts::report::{account, ranked};
use crate::parts::run::{Mark, Run, Stage, host, instructions, to_json};
use crate::parts::stage::{AttackPart, Attacked, Set, Want, not_yet};
use crate::retrieval::{EvalOptions, Evaluation, Report, part_by};
use crate::task::Task;
use serde::Serialize;
use std::collections::BTreeMap;
use std::time::Instant;

/// The figures of an attacked set, with what its data is.
#[derive(Debug, Clone, PartialEq)]
pub struct AttackedSet {
    /// The figures.
    pub report: SetReport,
    /// What was found, used and left out.
    pub data: Account,
    /// What is to be said where pictures were attacked among shortlists.
    pub shortlist: Option<ShortlistNote>,
}

impl AttackedSet {
    /// As `attack.json` and the command say it.
    pub fn answer(&self) -> impl Serialize + '_ {
        Whole {
            answer: self.report.answer(),
            data: &self.data,
            shortlist: self.shortlist,
        }
    }
}

#[derive(Serialize)]
struct Whole<'a> {
    #[serde(flatten)]
    answer: Option<SetAnswer<'a>>,
    data: &'a Account,
    #[serde(skip_serializing_if = "Option::is_none")]
    shortlist: Option<ShortlistNote>,
}

/// What an attack among shortlists says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ShortlistNote {
    /// Captions that each picture was attacked among, the hardest of all.
    pub captions: usize,
    /// What that means.
    pub note: &'static str,
}

impl ShortlistNote {
    /// Of a plan; `None` where each picture was attacked among all captions.
    pub fn of(plan: &AttackPlan) -> Option<Self> {
        plan.terms.shortlist.map(|captions| Self {
            captions,
            note: "pictures were attacked among the captions that are hardest for them; the ranks of what was found are \
                   exact in the whole set, and success is a lower bound",
        })
    }
}

/// Puts together what the tasks of an attack found, writes `attack.json`, and marks it.
///
/// # Errors
/// A task is not done (it is named); a part is missing or damaged; a file cannot be written; cancellation.
pub fn merge_attack(run: &Run, task: &Task) -> Result<AttackedSet> {
    let begun = Instant::now();
    let (plan, hash) = run.attack_plan()?;
    let (rank, rank_hash) = run.rank_plan()?;
    let found = Found::read(run, &plan, &hash, task)?;
    let (clean, groups) = found.clean(run, &rank, &rank_hash, task)?;
    let mut images = plan.pictures.clone();
    images.sort_unstable();
    let name = |image: usize| found.names.get(&image).cloned().unwrap_or_default();
    let of_set = FoundOfSet {
        rows: found.done.rows.iter().collect(),
        costs: &found.done.costs,
        clean,
        approximate: found.approximate.clone(),
        prepared: found.prepared,
    };
    let report = report_found(&plan.asked(&images, &groups), of_set, &name);
    let (embed, embed_hash) = run.embed_plan()?;
    let data = account(run, &embed, &embed_hash)?;
    let images = report.images;
    let found = AttackedSet {
        shortlist: ShortlistNote::of(&plan),
        report,
        data,
    };
    let bytes = to_json(&found.answer())?;
    let mark = Mark {
        plan: hash,
        task: 0,
        files: Vec::new(),
        host: host(),
        engine: "merge".into(),
        instructions: instructions().into(),
        seconds: begun.elapsed().as_secs_f64(),
        of: images,
    };
    run.finish(&kind(Stage::Attack), mark, &[("attack.json".into(), bytes)])?;
    Ok(found)
}

/// What all parts say together.
#[derive(Default)]
struct Found {
    done: PieceDone,
    names: BTreeMap<usize, String>,
    approximate: Vec<String>,
    /// Steps of hinges.
    hinges: i128,
    prepared: f64,
}

impl Found {
    fn read(run: &Run, plan: &AttackPlan, hash: &str, task: &Task) -> Result<Self> {
        task.begin("Reading parts", plan.tasks() as u64);
        let (mut all, mut missing) = (Self::default(), Vec::new());
        for n in 0..plan.tasks() {
            task.check()?;
            match run.mark::<Attacked>(Stage::Attack.name(), n, hash)? {
                Some(mark) => all.add(read(run, &mark)?, &mark.of, plan.task(n)?)?,
                None => missing.push(n),
            }
            task.add(1);
        }
        not_yet(run, Stage::Attack.name(), &missing)?;
        all.done.rows.sort_by_key(|row| row.image);
        Ok(all)
    }

    /// Adds a part, with the times that its mark says, after a look at whether it is of these pictures.
    fn add(&mut self, mut part: AttackPart, mark: &Attacked, pictures: &[usize]) -> Result<()> {
        let images = part.done.rows.iter().map(|row| row.image);
        let fits = images.eq(pictures.iter().copied()) && part.names.len() == pictures.len();
        let hinges = part.hinges.parse::<i128>();
        let (true, Ok(hinges)) = (fits, hinges) else {
            return Err(Error::Plan {
                what: "a part of the attack is of other pictures than the plan says".into(),
            });
        };
        for row in &mut part.done.rows {
            row.seconds = mark.seconds / pictures.len().max(1) as f64;
        }
        for (cost, &seconds) in part.done.costs.iter_mut().zip(&mark.searching) {
            cost.seconds = seconds;
        }
        self.names.extend(pictures.iter().copied().zip(part.names));
        self.approximate = part.approximate;
        self.hinges += hinges;
        self.prepared += mark.prepared;
        self.done.add(part.done);
        Ok(())
    }

    /// The figures of the pictures without perturbation, and the captions of every picture of the set.
    fn clean(
        &self,
        run: &Run,
        rank: &RankPlan,
        hash: &str,
        task: &Task,
    ) -> Result<(Report, Groups)> {
        let set = Set::new(run, rank);
        let cut = set.load(0..rank.images(), Want::Neither, task)?;
        let groups = Groups::new(cut.offsets)?;
        let mut ranking = whole_ranking(run, rank, hash, task)?;
        let factor = set.factor();
        ranking.pairs = cut.pairs.iter().map(|score| score * factor).collect();
        let whole = Evaluation {
            report: ranked(run, rank, hash, task)?,
            ranking,
            tie: TIE,
        };
        let images: Vec<usize> = self.done.rows.iter().map(|row| row.image).collect();
        let steps = Steps::new(EvalOptions::default().margin / factor);
        let hinges = || Ok(steps.value(self.hinges) * f64::from(factor));
        let report = part_by(&whole, (&groups, rank.similarity), &images, hinges)?;
        Ok((report, groups))
    }
}

fn read(run: &Run, mark: &Mark<Attacked>) -> Result<AttackPart> {
    let Some(file) = mark.files.first() else {
        return Err(Error::plan(format!(
            "the mark of task {} names no file",
            mark.task
        )));
    };
    serde_json::from_slice(&run.read(file)?).map_err(|e| {
        Error::request(
            format!("{} is no file of this version: {e}", file.name),
            "Use the version of nearmiss that planned the run.",
        )
    })
}
