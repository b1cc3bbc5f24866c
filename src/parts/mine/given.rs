//! Candidates that an index found, read from a file and cut into what tasks take.

use crate::dataset::neighbours::Neighbours;
use crate::error::{Error, Result};
use crate::parts::plan::{Candidates, Found, Piece, RankPlan};
use crate::parts::run::{FileMark, Run, hash};
use crate::parts::state::Arrays;
use crate::task::Task;
use std::path::Path;

/// Bytes of a pair in memory: as it is read, and as it is sorted and written.
const PAIR: u64 = 24;

/// Reads candidates for the queries of a side and keeps them in the run, piece by piece. The file is read once to count, and
/// then once for every so many pairs as `memory` holds.
///
/// # Errors
/// The file cannot be read, or names queries or candidates that the set does not have; the run cannot be written;
/// cancellation.
pub(super) fn keep(
    run: &Run,
    set: RankPlan,
    path: &Path,
    (pieces, of_images): (&[Piece], bool),
    memory: u64,
    task: &Task,
) -> Result<Candidates> {
    let file = Neighbours::open(path)?;
    let size = [set.images(), set.texts()];
    let (queries, candidates) = (size[usize::from(!of_images)], size[usize::from(of_images)]);
    let names = if of_images {
        ["images", "captions"]
    } else {
        ["captions", "images"]
    };
    let wrong = |what: String| {
        let remedy = format!(
            "Queries are {} and candidates {}, numbered from 0 in the order of the run: --direction says it the other way.",
            names[0], names[1]
        );
        Error::dataset(path, what, &remedy)
    };
    if let Some(rows) = file.queries().filter(|&rows| rows != queries) {
        return Err(wrong(format!(
            "has {rows} rows, and the run has {queries} {}",
            names[0]
        )));
    }
    let size = pieces.first().map_or(1, |piece| piece.to - piece.from);
    let number = |query: i64, candidate: i64| -> Result<Option<(u32, u32)>> {
        let within = |n: i64, count: usize| usize::try_from(n).is_ok_and(|n| n < count);
        if !within(query, queries) {
            let (name, count) = (names[0], queries);
            return Err(wrong(format!(
                "names query {query}: there are {count} {name}"
            )));
        }
        if candidate == -1 {
            return Ok(None);
        }
        if !within(candidate, candidates) {
            let (name, count) = (names[1], candidates);
            return Err(wrong(format!(
                "names candidate {candidate} of query {query}: there are {count} {name}"
            )));
        }
        Ok(Some((query as u32, candidate as u32)))
    };
    let mut found = Found::default();
    let mut counts = vec![0_u64; pieces.len()];
    task.begin("Counting candidates", 0);
    file.each(task, |query, candidate| {
        match number(query, candidate)? {
            Some((query, _)) => counts[query as usize / size] += 1,
            None => found.none += 1,
        }
        Ok(())
    })?;
    let most = (memory / PAIR).max(1);
    let mut parts: Vec<FileMark> = Vec::new();
    task.begin("Sorting candidates", pieces.len() as u64);
    while parts.len() < pieces.len() {
        let from = parts.len();
        let (mut to, mut pairs) = (from, 0);
        while to < pieces.len() && (to == from || pairs + counts[to] <= most) {
            pairs += counts[to];
            to += 1;
        }
        let first = pieces[from].from as u32;
        let within = first..pieces[to - 1].to as u32;
        let mut all: Vec<(u32, u32)> = Vec::with_capacity(pairs as usize);
        file.each(task, |query, candidate| {
            let pair = number(query, candidate)?;
            all.extend(pair.filter(|(query, _)| within.contains(query)));
            Ok(())
        })?;
        all.sort_unstable();
        let before = all.len();
        all.dedup();
        found.duplicates += (before - all.len()) as u64;
        found.pairs += all.len() as u64;
        let mut rest = all.as_slice();
        for (n, piece) in pieces.iter().enumerate().take(to).skip(from) {
            task.check()?;
            let (own, later) = rest.split_at(rest.partition_point(|p| (p.0 as usize) < piece.to));
            rest = later;
            let ends: Vec<u64> = (piece.from..piece.to)
                .map(|query| own.partition_point(|p| p.0 as usize <= query) as u64)
                .collect();
            let before = std::iter::once(&0).chain(&ends);
            found.queries_without += before.zip(&ends).filter(|(a, b)| a == b).count() as u64;
            parts.push(write(run, n, &ends, own)?);
            task.add(1);
        }
    }
    if found.pairs == 0 {
        return Err(wrong("holds no candidate".into()));
    }
    Ok(Candidates {
        file: path.display().to_string(),
        found,
        parts,
        set,
    })
}

/// Writes the candidates of a task: `ends` is where those of each query end.
fn write(run: &Run, n: usize, ends: &[u64], pairs: &[(u32, u32)]) -> Result<FileMark> {
    let candidates: Vec<u32> = pairs.iter().map(|(_, candidate)| *candidate).collect();
    let mut arrays = Arrays::default();
    arrays.add("ends", ends, 1);
    arrays.add("candidates", &candidates, 1);
    let bytes = arrays.bytes()?;
    let name = format!("parts/mine/candidates-{n:05}.safetensors");
    run.store().write(&name, &bytes)?;
    Ok(FileMark {
        name,
        size: bytes.len() as u64,
        blake3: hash(&bytes),
    })
}
