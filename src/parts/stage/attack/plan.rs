//! What an attack in parts is planned as, and what cannot be one.

use super::shortlist::neighbours;
use crate::attack::{Goal, attack_order};
use crate::compute::Measure;
use crate::error::{Error, Result, thousands};
use crate::parts::merge::ranks_of_images;
use crate::parts::plan::{AttackPlan, AttackTerms, EmbedPlan, RankPlan};
use crate::parts::run::{Run, Stage};
use crate::retrieval::EvalOptions;
use crate::task::Task;

/// Captions kept for a picture of a set that a task cannot hold, where nothing else is said.
const SHORTLIST: usize = 1_000;

/// Plans an attack on the first `limit` pictures of a run's set.
///
/// # Errors
/// The ranking is not merged yet, or one of drawn queries; what was embedded has no pictures or is not compared by
/// cosine; an attack that needs the whole set at once; a shortlist that does not fit what is asked or the memory.
pub fn plan_attack(
    run: &Run,
    terms: AttackTerms,
    limit: Option<usize>,
    task: &Task,
) -> Result<(AttackPlan, String)> {
    let (embed, embed_hash) = run.embed_plan()?;
    let (rank, rank_hash) = run.rank_plan()?;
    let terms = AttackTerms {
        settings: terms.settings.settled(),
        shortlist: terms.shortlist.or_else(|| too_many(&rank, &terms)),
        ..terms
    };
    for &eps in &terms.eps {
        terms.settings.threat.with_eps(eps).check()?;
    }
    let encoder = attackable(&embed, &rank, &terms)?;
    let count = limit.map_or(rank.images(), |n| n.min(rank.images()));
    let ranks = ranks_of_images(run, &rank, &rank_hash, count, task)?;
    let first: Vec<usize> = (0..count).collect();
    let plan = AttackPlan::new(
        [embed_hash, rank_hash, encoder],
        terms,
        attack_order(&first, &ranks),
    );
    let hash = run.write_plan(Stage::Attack, &plan)?;
    Ok((plan, hash))
}

/// The shortlist of a set that a task cannot hold; `None` where it can.
fn too_many(rank: &RankPlan, terms: &AttackTerms) -> Option<usize> {
    let rows = (rank.images() + rank.texts()) as u64;
    let bytes = rows * (rank.dim as u64 * 4 + 48);
    let most = rank.texts().min(SHORTLIST);
    (rank.texts() > terms.captions || bytes > terms.memory).then_some(most)
}

/// Refuses what cannot be attacked in parts; the fingerprint of the encoder where it can.
fn attackable(embed: &EmbedPlan, rank: &RankPlan, terms: &AttackTerms) -> Result<String> {
    let refuse = |what: String, remedy: &str| Err(Error::request(what, remedy));
    let Some(coder) = &embed.encoder else {
        return refuse(
            "the run holds embeddings without pictures and encoder: there is nothing to attack"
                .into(),
            "Plan a run of a dataset with --encoder.",
        );
    };
    if rank.sample.is_some() {
        return refuse(
            "the ranking of the run is one of drawn queries, and an attack needs that of all"
                .into(),
            "Plan a run with the same data whose ranking has no --sample.",
        );
    }
    if embed.similarity != Measure::Cosine {
        return refuse(
            "attacks compare by cosine, and the run was embedded for the dot product".into(),
            "Plan a run with --similarity cosine.",
        );
    }
    let margin = EvalOptions::default().margin;
    if rank.margin.to_bits() != margin.to_bits() {
        return refuse(
            format!(
                "the ranking has a margin of {}, and the losses beside an attack are those of {margin}",
                rank.margin
            ),
            "Plan a run whose ranking has no --margin.",
        );
    }
    if terms.settings.method.is_shared() {
        return refuse(
            format!(
                "{} learns one perturbation from all pictures of the set together, and cannot be done in parts",
                terms.settings.method.title()
            ),
            "Run it on one machine (nearmiss attack pairs), or choose another attack.",
        );
    }
    if let Some(captions) = terms.shortlist {
        fits(rank, terms, captions)?;
    }
    Ok(coder.hash.clone())
}

/// Refuses a shortlist that says nothing of what is asked, or that a task cannot hold.
fn fits(rank: &RankPlan, terms: &AttackTerms, captions: usize) -> Result<()> {
    if terms.goal == Goal::Win {
        return Err(Error::request(
            "a caption that wins among those of a shortlist need not win among all",
            "Attack for another goal, or with more --memory and --captions-per-task, so that no shortlist is needed.",
        ));
    }
    let deepest = terms.at.last().copied().unwrap_or(1);
    if captions <= deepest && captions < rank.texts() {
        return Err(Error::request(
            format!("among {captions} captions no right one can fall below rank {deepest}"),
            format!("Give a --shortlist above {deepest}; {SHORTLIST} is usual."),
        ));
    }
    // Each kept caption comes with its image, and each caption of a picture with the pictures that are hardest for it;
    // images are read with all their captions.
    let each = 1 + rank.texts() / rank.images().max(1);
    let images = terms.per_task * (captions + each * neighbours(&terms.at));
    let rows = ((1 + each) * images.min(rank.images())) as u64;
    let bytes = rows * (rank.dim as u64 * 8 + 48);
    if bytes > terms.memory {
        return Err(Error::request(
            format!(
                "the shortlists of {} pictures take {} bytes",
                terms.per_task,
                thousands(bytes)
            ),
            "Plan with a smaller --shortlist or fewer --pictures-per-task, or with more --memory.",
        ));
    }
    Ok(())
}
