//! Reading a run that was merged.

use super::named::{place, scenes, whole};
use nearmiss::compute::Cpu;
use nearmiss::parts::plan::RankPlan;
use nearmiss::parts::stage::{Place, rank};
use nearmiss::parts::status::status;
use nearmiss::parts::view::{
    Finished, MOST_QUERIES, Named, Names, Negative, Pictures, Survey, figures, look, survey,
};
use nearmiss::parts::{Run, Stage, finish_ranking};
use nearmiss::retrieval::Metrics;
use nearmiss::task::Task;
use std::collections::BTreeMap;
use std::sync::Arc;

fn opened(run: &Run) -> (Arc<Finished>, Survey) {
    let task = Task::detached();
    let finished = Arc::new(Finished::open(run, &task).expect("merged"));
    let survey = survey(&finished, MOST_QUERIES, &task).expect("read");
    (finished, survey)
}

fn refused<T>(outcome: Result<T, nearmiss::error::Error>) -> String {
    outcome.map(drop).expect_err("refused").to_string()
}

/// The hardest negatives of each query that the merge wrote, by side and number of the query.
fn written(run: &Run) -> BTreeMap<(bool, u32), Negative> {
    let (plan, hash) = run.rank_plan().unwrap();
    let mut all = BTreeMap::new();
    for n in 0..plan.merges() {
        let range = nearmiss::parts::merge::merged(run, &hash, n).unwrap();
        for q in 0..range.numbers.len() {
            let hit = range.seen.top.row(q)[0];
            let negative = Negative {
                of_image: range.of_images,
                query: range.numbers[q],
                positive: range.positives[q],
                negative: hit.index,
                score_positive: range.best[q],
                score_negative: hit.score,
                rank: range.seen.above[q] + 1,
            };
            all.insert((range.of_images, range.numbers[q]), negative);
        }
    }
    all
}

#[test]
fn figures_margins_and_hubs_are_those_of_the_merged_ranges() {
    let folder = tempfile::tempdir().unwrap();
    let run = whole(folder.path(), None);
    let report = finish_ranking(&run, &Task::detached()).unwrap();
    let (finished, survey) = opened(&run);
    assert!(finished.ranges.len() > 4, "several ranges of each side");
    let found = figures(&finished, &survey).unwrap();
    assert_eq!(found.report.i2t.r1, report.report.i2t.r1);
    let all = written(&run);
    for (side, of_image) in survey.sides.iter().zip([true, false]) {
        let mut own: Vec<Negative> = all
            .values()
            .filter(|n| n.of_image == of_image)
            .copied()
            .collect();
        assert_eq!(side.extent.read, own.len());
        assert!(side.extent.is_all());
        let ranks: Vec<u32> = own.iter().map(|n| n.rank).collect();
        assert_eq!(side.metrics, Metrics::from_ranks(&ranks));
        assert_eq!(side.margins.wrong, ranks.iter().filter(|&&r| r > 1).count());
        own.sort_by(|a, b| {
            a.margin()
                .total_cmp(&b.margin())
                .then(a.query.cmp(&b.query))
        });
        assert_eq!(side.smallest, own);
        let mut counts: BTreeMap<u32, usize> = BTreeMap::new();
        for n in &own {
            *counts.entry(n.negative).or_default() += 1;
        }
        assert_eq!(side.candidates, counts.len());
        for hub in &side.hubs {
            assert_eq!(counts[&hub.candidate], hub.queries);
        }
        assert!(side.hubs.is_sorted_by(|a, b| a.queries >= b.queries));
    }
    // Page by page the same.
    let pages = finished.ranges.iter().flat_map(|range| {
        let list = finished.negatives(range.n).unwrap();
        assert_eq!(list.len(), range.queries.len());
        list
    });
    assert_eq!(pages.count(), all.len());
}

#[test]
fn names_captions_and_pictures_are_those_of_the_archives() {
    let folder = tempfile::tempdir().unwrap();
    let run = whole(folder.path(), None);
    finish_ranking(&run, &Task::detached()).unwrap();
    let (finished, _) = opened(&run);
    let mut names = Names::new(Arc::clone(&finished));
    let mut pictures = Pictures::new(&finished.embed).unwrap();
    let mut caption = 0;
    for (n, (_, captions, png)) in scenes(0, 24).into_iter().enumerate() {
        let Named::Image {
            name,
            place: Some(place),
            captions: found,
        } = names.named(true, n as u32).unwrap()
        else {
            panic!("no image {n}");
        };
        assert!(name.ends_with(&format!("{n:04}.png")), "{name}");
        assert_eq!(found, captions);
        assert!(matches!(&place, Place::Span(archive, ..) if archive.contains(".tar")));
        let picture = pictures.open(&name, &place).unwrap();
        let expected = image::load_from_memory(&png).unwrap().into_rgb8();
        assert_eq!(picture.rgb, expected.into_raw());
        for text in captions {
            let named = names.named(false, caption).unwrap();
            let owner = n as u32;
            assert!(
                matches!(&named, Named::Caption { text: t, owner: o, .. } if *t == text && *o == owner)
            );
            caption += 1;
        }
    }
    assert!(refused(names.named(true, 24)).contains("no image 24"));
    assert!(refused(names.named(false, caption)).contains("no caption"));
    // An archive that is another one gives no picture in place of the right one.
    let tar = folder.path().join("tars/00001.tar");
    let mut bytes = std::fs::read(&tar).unwrap();
    bytes.extend([0; 512]);
    std::fs::write(&tar, bytes).unwrap();
    let mut pictures = Pictures::new(&finished.embed).unwrap();
    let Named::Image { name, place, .. } = names.named(true, 20).unwrap() else {
        panic!("no image");
    };
    let error = refused(pictures.open(&name, &place.unwrap()));
    assert!(error.contains("is not what it was"), "{error}");
}

#[test]
fn a_sample_is_told_and_a_part_that_was_read_too() {
    let folder = tempfile::tempdir().unwrap();
    let run = whole(folder.path(), Some((9, 4)));
    finish_ranking(&run, &Task::detached()).unwrap();
    let (finished, survey) = opened(&run);
    let extent = survey.sides[0].extent;
    assert_eq!((extent.read, extent.ranked, extent.all), (9, 9, 24));
    assert!(figures(&finished, &survey).unwrap().sample.is_some());
    let folder = tempfile::tempdir().unwrap();
    let run = whole(folder.path(), None);
    let (task, report) = (Task::detached(), finish_ranking(&run, &Task::detached()));
    report.unwrap();
    let finished = Finished::open(&run, &task).unwrap();
    let part = nearmiss::parts::view::survey(&finished, 12, &task).unwrap();
    let extent = part.sides[1].extent;
    assert!(extent.read < extent.ranked && extent.ranked == extent.all);
    assert!(figures(&finished, &part).is_ok());
    task.cancel();
    let cancelled = nearmiss::parts::view::survey(&finished, 12, &task);
    assert!(cancelled.unwrap_err().is_cancelled());
}

#[test]
fn what_is_not_of_this_plan_is_refused_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let run = whole(folder.path(), None);
    let task = Task::detached();
    assert!(refused(Finished::open(&run, &task)).contains("are not merged"));
    assert_eq!(
        look(&place(folder.path()), &Task::detached()).unwrap().seal,
        None
    );
    finish_ranking(&run, &task).unwrap();
    assert!(
        look(&place(folder.path()), &Task::detached())
            .unwrap()
            .seal
            .is_some()
    );
    let root = folder.path().join("run");
    // Figures of other ranks.
    let file = root.join("report.json");
    let whole = std::fs::read_to_string(&file).unwrap();
    let mut changed: serde_json::Value = serde_json::from_str(&whole).unwrap();
    changed["i2t"]["r1"] = 12.5.into();
    std::fs::write(&file, changed.to_string()).unwrap();
    let (finished, survey) = opened(&run);
    let error = refused(figures(&finished, &survey));
    assert!(
        error.contains("is not of this ranking") && error.contains("12.50"),
        "{error}"
    );
    // Of other queries; torn; gone.
    changed["images"] = 7.into();
    std::fs::write(&file, changed.to_string()).unwrap();
    assert!(refused(figures(&finished, &survey)).contains("it is of 7 images"));
    std::fs::write(&file, &whole[..whole.len() / 2]).unwrap();
    assert!(refused(figures(&finished, &survey)).contains("holds no figures"));
    std::fs::remove_file(&file).unwrap();
    assert!(refused(figures(&finished, &survey)).contains("no figures yet"));
    std::fs::write(&file, &whole).unwrap();
    // The same plan but for its margin: marks and merges of before do not count.
    let (plan, _) = run.rank_plan().unwrap();
    std::thread::sleep(std::time::Duration::from_millis(20));
    std::fs::remove_file(root.join("plan-rank.json")).unwrap();
    let other = RankPlan {
        margin: 0.3,
        ..plan
    };
    let hash = run.write_plan(Stage::Rank, &other).unwrap();
    assert!(refused(Finished::open(&run, &task)).contains("merged by another plan"));
    let stage = |run: &Run| status(run).unwrap().stages.remove(1);
    assert_eq!((stage(&run).done, stage(&run).merged), (0, false));
    rank(&run, &other, &hash, 1, &Cpu, &task).unwrap();
    assert_eq!(
        (stage(&run).done, stage(&run).missing[..2].to_vec()),
        (1, vec![0, 2])
    );
    // A ranking of other embeddings.
    let strange = RankPlan {
        embed: "0".repeat(64),
        ..other
    };
    std::fs::remove_file(root.join("plan-rank.json")).unwrap();
    run.write_plan(Stage::Rank, &strange).unwrap();
    assert!(refused(Finished::open(&run, &task)).contains("of other embeddings"));
}

#[test]
fn a_place_without_a_run_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    assert!(refused(look(&at("nowhere"), &Task::detached())).contains("is no folder"));
    assert!(refused(look(&at("."), &Task::detached())).contains("no stage is planned"));
    std::fs::write(folder.path().join("plan-embed.json"), "{").unwrap();
    assert!(refused(look(&at("."), &Task::detached())).contains("no plan of this version"));
}
