//! Small leftovers: what is open is searched and walked for in the process that merges.

use super::kept::Origin;
use super::open::Done;
use super::outcome::{Asked, Became, Waiting};
use super::search::search;
use super::task::{miner, walk};
use super::uses::{Granted, Here};
use crate::compute::Engine;
use crate::error::Result;
use crate::task::Task;

/// Goes on with a side until nothing of it is open; which claims are granted in the end, where uses are bounded.
///
/// # Errors
/// A part is missing or damaged; the engine fails; cancellation.
pub(super) fn here(
    done: &Done<'_>,
    of_images: bool,
    here: &mut Here,
    engine: &dyn Engine,
    task: &Task,
) -> Result<Option<Granted>> {
    let mut granted = done.granted(of_images, here, task)?;
    let mut open = done.waiting(&done.open(of_images, granted.as_ref())?)?;
    if open.is_empty() {
        return Ok(granted);
    }
    let mut miner = miner(done.run, done.mining, done.rank, of_images)?;
    let total = done.mining.plan.candidates(miner.side);
    let cuts = done.rank.cuts.counts()[usize::from(of_images)];
    let (mut page, mut limit) = done.pace();
    let bounded = granted.is_some();
    let mut side = Here::new();
    while !open.is_empty() {
        let options = &done.mining.plan.options;
        page = options.next_page(page, total).min(total);
        limit = limit.saturating_mul(2);
        let short: Vec<&Waiting> = open.iter().map(|(_, w)| w).filter(|w| w.short).collect();
        if !short.is_empty() {
            let set = (done.run, done.rank);
            let asked = (0..cuts, page);
            let found = search(set, &mut miner, engine, &short, asked, task)?;
            let lists = open.iter_mut().map(|(_, w)| w).filter(|w| w.short);
            found.lengthen(lists, total);
        }
        let (origins, asked): (Vec<Origin>, Vec<Asked>) = open
            .into_iter()
            .map(|(origin, waiting)| (origin, Asked::Unit(waiting)))
            .unzip();
        let mut origins = origins.into_iter();
        walk(&mut miner, asked.into_iter(), limit, task, |became| {
            side.extend(origins.next().map(|origin| (origin, became)));
        })?;
        open = Vec::new();
        if bounded {
            granted = done.granted(of_images, &side, task)?;
            open = done.waiting(&done.open(of_images, granted.as_ref())?)?;
        }
        let hungry = |origin: &Origin| {
            let k = done.mining.plan.options.k;
            granted
                .as_ref()
                .is_none_or(|granted| granted.holds(*origin) < k)
        };
        let more = side.iter().filter(|(origin, _)| hungry(origin));
        let more = more.filter_map(|(o, b): (&Origin, &Became)| Some((*o, b.waits.clone()?)));
        open.extend(more);
    }
    here.extend(side);
    Ok(granted)
}
