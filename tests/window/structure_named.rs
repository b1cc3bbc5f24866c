//! The structure view says what it shows: clusters by their words, rows and queries by their pictures.

use super::*;
use egui::Key;
use egui_kittest::kittest::NodeT as _;
use nearmiss::desktop::structure::Command as StructureCommand;
use nearmiss::retrieval::structure::matrix::Order;

#[test]
fn clusters_are_named_by_their_words_and_near_rows_have_pictures() {
    let mut window = structure::shown("Matrix");
    let looks = nearmiss::desktop::structure::MatrixLooks {
        order: Order::Cluster,
        ..structure_of(&window).matrix.looks
    };
    structure::ask(&mut window, StructureCommand::SetLooks(looks));
    let matrix = &structure_of(&window).matrix;
    let arrangement = matrix
        .arrangement
        .get(now(&window))
        .cloned()
        .expect("ordered");
    let names = matrix.names.to_vec();
    assert_eq!(names.len(), arrangement.bounds.len() + 1);
    // The first word of a name is in a larger share of its captions than of all.
    let dataset = session(&window).dataset().cloned().expect("open");
    let has = |rows: std::ops::Range<usize>, word: &str| {
        let captions = rows.flat_map(|row| dataset.captions_of(arrangement.image(row) as usize));
        let held: Vec<bool> = captions
            .map(|j| {
                nearmiss::retrieval::words(&dataset.captions[j])
                    .iter()
                    .any(|w| w == word)
            })
            .collect();
        held.iter().filter(|held| **held).count() as f64 / held.len() as f64
    };
    for (cluster, name) in names
        .iter()
        .enumerate()
        .filter(|(_, name)| !name.is_empty())
    {
        let word = name.split(" · ").next().expect("a word");
        let (here, all) = (has(arrangement.cluster(cluster), word), has(0..300, word));
        assert!(here > all, "{name}: {here} of its captions, {all} of all");
    }
    assert!(names.iter().filter(|name| !name.is_empty()).count() > names.len() / 2);
    window.hover_at(structure::picture(&window).center());
    settle(&mut window);
    assert!(says(&window, "cluster “"), "the cell says its cluster");
    assert!(
        window
            .query_all_by_label_contains("row of ")
            .next()
            .is_none()
    );
    for _ in 0..30 {
        window.key_press(Key::Plus);
    }
    settle(&mut window);
    let row = window
        .query_all_by_label_contains("row of ")
        .nth(1)
        .expect("near");
    let name = row.accesskit_node().label().expect("a name");
    row.click();
    settle(&mut window);
    let Some(&Query::Row(Side::Image, image)) = session(&window).query() else {
        panic!("an image is the query");
    };
    assert_eq!(name, format!("row of {}", dataset.images[image].name));
}

#[test]
fn the_first_hub_is_looked_at_and_its_first_queries_are_large() {
    let mut window = structure::shown("Hubs");
    let found = structure_of(&window)
        .found
        .get(now(&window))
        .cloned()
        .expect("analysed");
    let hub = found.i2t.hubs[0];
    assert!(says(&window, &format!("{} queries lost to it", hub.wins)));
    let large = window
        .query_all_by_label_contains("large: ")
        .next()
        .expect("a picture");
    assert!(large.rect().width() > 90.0);
    let name = large.accesskit_node().label().expect("a name");
    large.click();
    settle(&mut window);
    let dataset = session(&window).dataset().cloned().expect("open");
    let Some(&Query::Row(Side::Image, image)) = session(&window).query() else {
        panic!("an image is the query");
    };
    assert_eq!(name, format!("large: {}", dataset.images[image].name));
}
