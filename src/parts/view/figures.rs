//! The figures of a merged run, where they are its own.

use super::finished::Finished;
use super::survey::Survey;
use crate::error::{Error, Result};
use crate::parts::RunReport;
use crate::retrieval::Metrics;

/// The file that holds them.
const FILE: &str = "report.json";

/// The figures that the merge wrote.
///
/// # Errors
/// There are none yet; they cannot be read; they are of other queries, or of other ranks, than the merged ranges hold.
pub fn figures(finished: &Finished, survey: &Survey) -> Result<RunReport> {
    let store = finished.run.store();
    let place = store.place();
    let again = || format!("Write them again: nearmiss part merge {place}");
    let Some(bytes) = store.read_if_there(FILE)? else {
        return Err(Error::request(
            format!("every range of {place} is merged, and there are no figures yet"),
            again(),
        ));
    };
    let report: RunReport = serde_json::from_slice(&bytes).map_err(|e| {
        let what = format!("{FILE} of {place} holds no figures of this version: {e}");
        Error::request(what, again())
    })?;
    match foreign(finished, survey, &report) {
        None => Ok(report),
        Some(why) => Err(Error::request(
            format!("{FILE} of {place} is not of this ranking: {why}"),
            again(),
        )),
    }
}

/// Why a report is not of this ranking.
fn foreign(finished: &Finished, survey: &Survey, found: &RunReport) -> Option<String> {
    let report = &found.report;
    for (of_images, count, kind) in [
        (true, report.images, "images"),
        (false, report.captions, "captions"),
    ] {
        let planned = finished.queries(of_images);
        if count != planned {
            return Some(format!("it is of {count} {kind}, and {planned} are ranked"));
        }
    }
    let note = found.sample.as_ref();
    let drawn = note.map(|note| (note.seed, note.images, note.captions));
    let plan = &finished.plan;
    let planned = plan.sample.as_ref().map(|sample| {
        (
            sample.seed,
            [sample.images, plan.images()],
            [sample.texts, plan.texts()],
        )
    });
    if drawn != planned {
        return Some("other queries were drawn".into());
    }
    let used = [found.data.images.used, found.data.captions.used];
    if used != [plan.images() as u64, plan.texts() as u64] {
        return Some(format!(
            "it is of {} images and {} captions, and {} and {} are ranked",
            used[0],
            used[1],
            plan.images(),
            plan.texts()
        ));
    }
    let sides = [(&report.i2t, "images"), (&report.t2i, "captions")];
    for ((told, kind), side) in sides.into_iter().zip(&survey.sides) {
        if side.extent.is_all() && !same(told, &side.metrics) {
            return Some(format!(
                "its recall at 1 of {kind} is {:.2}, and the merged ranges have {:.2}",
                told.r1, side.metrics.r1
            ));
        }
    }
    None
}

/// Are these the same figures, but for the last digits that a text loses?
fn same(a: &Metrics, b: &Metrics) -> bool {
    let of = |m: &Metrics| [m.r1, m.r5, m.r10, m.medr, m.meanr];
    let pairs = of(a).into_iter().zip(of(b));
    pairs
        .into_iter()
        .all(|(a, b)| (a - b).abs() <= 1e-9 * b.abs().max(1.0))
}
