//! Concepts taken for one another, and recall by slice.

use nearmiss::compute::{Direction, Groups, Hit, Ranking, TopK};
use nearmiss::dataset::{Dataset, Image};
use nearmiss::retrieval::Side;
use nearmiss::retrieval::structure::{
    ConceptKind, Concepts, Mistake, Plan, Slice, SliceKind, Structure, analyse, few, folder_of,
};
use nearmiss::task::Task;
use std::path::Path;

fn image(name: &str) -> Image {
    Image {
        name: name.into(),
        picture: None,
    }
}

/// Three images with two captions each.
fn dataset() -> Dataset {
    let group =
        |name: &str, captions: [&str; 2]| (image(name), captions.map(String::from).to_vec());
    Dataset::from_groups(
        "made",
        "made",
        vec![
            group(
                "dogs/1.jpg",
                ["A black dog runs.", "The dog is running on grass!"],
            ),
            group(
                "dogs/2.jpg",
                ["A brown dog jumps", "Brown dog, jumping over a log"],
            ),
            group(
                "cats/1.jpg",
                ["A black cat sleeps", "One cat on a red sofa"],
            ),
        ],
        Vec::new(),
    )
}

fn direction(ranks: &[u32], hardest: &[u32]) -> Direction {
    Direction {
        ranks: ranks.to_vec(),
        positive: vec![0.5; ranks.len()],
        hardest: ranks
            .iter()
            .zip(hardest)
            .map(|(&rank, &index)| Hit {
                score: if rank > 1 { 0.6 } else { 0.45 },
                index,
            })
            .collect(),
        negatives: TopK::default(),
    }
}

/// Image 0 loses to "Brown dog, jumping ..", image 2 to "A black dog runs."; captions 0 and 1 to image 2, caption 2 to
/// image 0.
fn ranking() -> Ranking {
    Ranking {
        i2t: direction(&[2, 1, 6], &[3, 0, 0]),
        t2i: direction(&[2, 3, 2, 1, 1, 1], &[2, 2, 0, 0, 0, 0]),
        // The second caption of image 0 is its best, the first of image 2.
        pairs: vec![0.3, 0.5, 0.5, 0.5, 0.5, 0.2],
        ..Ranking::default()
    }
}

fn found(concepts: ConceptKind) -> Structure {
    let dataset = dataset();
    let groups = Groups::new(dataset.offsets.clone()).expect("groups");
    let plan = Plan {
        concepts,
        least: 1,
        ..Plan::default()
    };
    analyse(&dataset, &groups, &ranking(), &plan, &Task::detached()).expect("analysed")
}

/// Each pair by name, with its count.
fn pairs(structure: &Structure, side: Side) -> Vec<(String, String, usize)> {
    let confusion = &structure.side(side).confusion;
    let name = |id: u32| confusion.names[id as usize].clone();
    let mut pairs: Vec<_> = confusion
        .pairs
        .iter()
        .map(|p| (name(p.lost), name(p.gained), p.count))
        .collect();
    pairs.sort();
    pairs
}

fn expected(list: &[(&str, &str, usize)]) -> Vec<(String, String, usize)> {
    list.iter()
        .map(|&(a, b, n)| (a.to_owned(), b.to_owned(), n))
        .collect()
}

#[test]
fn words_of_the_right_caption_are_lost_for_those_of_the_winner() {
    let structure = found(ConceptKind::Word);
    // "dog running grass" against "brown dog jumping log"; "black cat sleeps" against "black dog runs".
    let i2t = expected(&[
        ("cat", "dog", 1),
        ("cat", "runs", 1),
        ("grass", "brown", 1),
        ("grass", "jumping", 1),
        ("grass", "log", 1),
        ("running", "brown", 1),
        ("running", "jumping", 1),
        ("running", "log", 1),
        ("sleeps", "dog", 1),
        ("sleeps", "runs", 1),
    ]);
    assert_eq!(pairs(&structure, Side::Image), i2t);
    // Of two captions, an image has the words of either: "black cat sleeps red sofa", "black dog runs running grass".
    let t2i = expected(&[
        ("brown", "black", 1),
        ("brown", "grass", 1),
        ("brown", "running", 1),
        ("brown", "runs", 1),
        ("dog", "black", 1),
        ("dog", "cat", 2),
        ("dog", "red", 2),
        ("dog", "sleeps", 2),
        ("dog", "sofa", 2),
        ("grass", "black", 1),
        ("grass", "cat", 1),
        ("grass", "red", 1),
        ("grass", "sleeps", 1),
        ("grass", "sofa", 1),
        ("jumps", "black", 1),
        ("jumps", "grass", 1),
        ("jumps", "running", 1),
        ("jumps", "runs", 1),
        ("running", "black", 1),
        ("running", "cat", 1),
        ("running", "red", 1),
        ("running", "sleeps", 1),
        ("running", "sofa", 1),
        ("runs", "cat", 1),
        ("runs", "red", 1),
        ("runs", "sleeps", 1),
        ("runs", "sofa", 1),
    ]);
    assert_eq!(pairs(&structure, Side::Text), t2i);
    let confusion = &structure.t2i.confusion;
    assert_eq!((confusion.mistakes, confusion.told), (3, 3));
    let dog_cat = confusion
        .pairs
        .iter()
        .find(|p| {
            (
                confusion.names[p.lost as usize].as_str(),
                confusion.names[p.gained as usize].as_str(),
            ) == ("dog", "cat")
        })
        .expect("there");
    // Of 3 mistakes 2 lose dog and 2 gain cat, both together: 2 * 3 / (2 * 2).
    assert_eq!(dog_cat.lift, 1.5);
    let mistake = |query| Mistake {
        query,
        positive: 0,
        negative: 2,
    };
    assert_eq!(dog_cat.examples, [mistake(0), mistake(1)]);
}

#[test]
fn folders_are_labels() {
    assert_eq!(folder_of("a/b/1.jpg"), "a/b");
    assert_eq!(folder_of("a\\1.jpg"), "a");
    assert_eq!(folder_of("1.jpg"), "");
    let structure = found(ConceptKind::Folder);
    assert!(structure.folders);
    // Image 0 loses to a caption of its own folder, which is no confusion.
    assert_eq!(
        pairs(&structure, Side::Image),
        expected(&[("cats", "dogs", 1)])
    );
    assert_eq!(
        pairs(&structure, Side::Text),
        expected(&[("dogs", "cats", 2)])
    );
    let confusion = &structure.t2i.confusion;
    assert_eq!((confusion.mistakes, confusion.told), (3, 2));
    let shown: Vec<&str> = confusion
        .shown
        .iter()
        .map(|&id| confusion.names[id as usize].as_str())
        .collect();
    assert_eq!(shown, ["dogs", "cats"]);
    assert_eq!(confusion.table, [0, 2, 0, 0]);
}

#[test]
fn rare_words_and_stop_words_are_no_concepts() {
    let captions: Vec<String> = ["A dog, a cat", "the dog", "DOG 12", "a cat's"]
        .map(String::from)
        .to_vec();
    let concepts = Concepts::words(&captions, 2, &Task::detached()).expect("words");
    assert_eq!(concepts.names, ["dog", "cat"]);
    assert_eq!(concepts.counts, [3, 2]);
    assert_eq!(
        (concepts.of(0), concepts.of(2), concepts.of(3)),
        (&[0, 1][..], &[0][..], &[1][..])
    );
    let task = Task::detached();
    task.cancel();
    assert!(Concepts::words(&captions, 2, &task).is_err_and(|e| e.is_cancelled()));
}

fn slice<'a>(structure: &'a Structure, side: Side, kind: SliceKind, name: &str) -> &'a Slice {
    let slices = &structure.side(side).slices;
    let found = slices.iter().find(|s| s.kind == kind && s.name == name);
    found.unwrap_or_else(|| panic!("{name} among {slices:?}"))
}

#[test]
fn slices_count_their_queries() {
    let structure = found(ConceptKind::Word);
    // Captions 0 to 3 hold "dog"; their ranks are 2, 3, 2, 1.
    let dog = slice(&structure, Side::Text, SliceKind::Word, "dog");
    assert_eq!((dog.count, dog.recall), (4, [25.0, 100.0, 100.0]));
    assert_eq!(dog.difference, 25.0 - 50.0);
    assert!(few(dog.count) && !dog.stands_out());
    // "black" is in captions of images 0 and 2, with ranks 2 and 6.
    let black = slice(&structure, Side::Image, SliceKind::Word, "black");
    assert_eq!((black.count, black.recall), (2, [0.0, 50.0, 100.0]));
    let dogs = slice(&structure, Side::Image, SliceKind::Folder, "dogs");
    assert_eq!((dogs.count, dogs.recall[0]), (2, 50.0));
    // Lengths 4, 6, 4, 6, 4, 6: two bins.
    let lengths: Vec<(&str, usize, f64)> = structure
        .t2i
        .slices
        .iter()
        .filter(|s| s.kind == SliceKind::Length)
        .map(|s| (s.name.as_str(), s.count, s.recall[0]))
        .collect();
    assert_eq!(lengths.iter().map(|l| l.1).sum::<usize>(), 6);
    assert_eq!(lengths[0].0, "4 words");
    assert_eq!(
        (lengths[0].1, lengths[1].0, lengths[1].1),
        (3, "5 to 6 words", 3)
    );
}

#[test]
fn another_datasets_ranking_is_refused() {
    let dataset = dataset();
    let groups = Groups::uniform(3, 1);
    let found = analyse(
        &dataset,
        &groups,
        &ranking(),
        &Plan::default(),
        &Task::detached(),
    );
    assert!(
        found
            .expect_err("another dataset")
            .to_string()
            .contains("not one of this dataset")
    );
}

/// The real set against a NumPy computation (`tests/fixtures/structure_flickr.py`).
#[test]
#[ignore = "needs NEARMISS_MATERIAL"]
fn the_structure_of_a_real_set_is_numpys() {
    use nearmiss::compute::Cpu;
    use nearmiss::retrieval::structure::neighbours;
    use nearmiss::retrieval::{EvalOptions, evaluate, read_embeddings};
    let material = std::env::var("NEARMISS_MATERIAL").expect("set");
    let root = Path::new(&material);
    let reference: serde_json::Value =
        serde_json::from_str(include_str!("../fixtures/structure_flickr.json")).expect("JSON");
    let task = Task::detached();
    let dataset = nearmiss::dataset::open(&root.join("flickr8k-test/captions.token.txt"), &task);
    let dataset = dataset.expect("opened");
    let groups = Groups::new(dataset.offsets.clone()).expect("groups");
    let embeds =
        |name: &str| read_embeddings(&root.join("encoders/flickr8k-cca").join(name)).expect("read");
    let (images, texts) = (
        embeds("reference_image_embeds.npy"),
        embeds("reference_text_embeds.npy"),
    );
    let options = EvalOptions::default();
    let ranked = evaluate(&Cpu, &images, &texts, &groups, &options, &task).expect("ranked");
    let structure =
        analyse(&dataset, &groups, &ranked.ranking, &Plan::default(), &task).expect("analysed");
    let near = neighbours(&Cpu, &images, &texts, &groups, 10, &task).expect("counted");
    for (side, key, occurrence) in [
        (Side::Image, "i2t", &near.texts),
        (Side::Text, "t2i", &near.images),
    ] {
        let expected = &reference[key];
        let number = |name: &str| expected[name].as_f64().expect("a number");
        assert!(
            (occurrence.skewness - number("skewness")).abs() < 0.02,
            "{key} skewness"
        );
        assert!(
            (occurrence.anti_hubs as f64 - number("anti_hubs")).abs() <= 2.0,
            "{key} anti-hubs"
        );
        let found = structure.side(side);
        // Scores within rounding of each other may order either way.
        assert!(
            (found.margins.wrong as f64 - number("wrong")).abs() <= 2.0,
            "{key} wrong"
        );
        for (hub, wins) in found
            .hubs
            .iter()
            .zip(expected["hubs"].as_array().expect("a list"))
        {
            assert!(
                (f64::from(hub.wins) - wins.as_f64().expect("wins")).abs() <= 1.0,
                "{key}: {hub:?}"
            );
        }
        for line in expected["pairs"].as_array().expect("a list") {
            let (lost, gained) = (
                line[0].as_str().expect("a word"),
                line[1].as_str().expect("a word"),
            );
            let name = |id: u32| found.confusion.names[id as usize].as_str();
            let pair = found
                .confusion
                .pairs
                .iter()
                .find(|p| name(p.lost) == lost && name(p.gained) == gained);
            let pair = pair.unwrap_or_else(|| panic!("{key}: {lost} taken for {gained}"));
            let expected = line[2].as_f64().expect("a count");
            assert!(
                (pair.count as f64 - expected).abs() <= 1.0,
                "{key}: {lost} {gained} {} {expected}",
                pair.count
            );
            assert!(
                (pair.lift / line[3].as_f64().expect("a lift") - 1.0).abs() < 0.05,
                "{key}: {lost} {gained}"
            );
        }
        for line in expected["slices"].as_array().expect("a list") {
            let slice = slice(
                &structure,
                side,
                SliceKind::Word,
                line[0].as_str().expect("a word"),
            );
            assert_eq!(
                slice.count as u64,
                line[1].as_u64().expect("a count"),
                "{}",
                slice.name
            );
            let hits = slice.recall[0] / 100.0 * slice.count as f64;
            assert!(
                (hits - line[2].as_f64().expect("hits")).abs() < 1.5,
                "{key} {}",
                slice.name
            );
        }
    }
}
