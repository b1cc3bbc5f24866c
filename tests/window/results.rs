//! How results stand to the right one, as rows and as pictures.

use super::*;
use egui::Modifiers;
use egui_kittest::kittest::NodeT as _;
use nearmiss::desktop::core::{Above, Command};

/// Three images with a caption each; two of the captions have the same words.
fn twins(folder: &Path) {
    for (name, shade, text) in [
        ("one", 20, "A red circle"),
        ("two", 120, "a RED circle!"),
        ("three", 220, "a blue square"),
    ] {
        let picture = image::RgbImage::from_pixel(24, 16, image::Rgb([shade, 90, 40]));
        picture
            .save(folder.join(format!("{name}.png")))
            .expect("saved");
        write(folder, &format!("{name}.txt"), text.as_bytes());
    }
}

/// The row of the image of this name.
fn image_row(window: &Window, name: &str) -> usize {
    let dataset = session(window).dataset().expect("open");
    let mut images = dataset.images.iter();
    images
        .position(|image| image.name.contains(name))
        .expect("there")
}

fn query(window: &mut Window, query: Query) {
    perform(window, Command::Query(query));
    settle(window);
}

#[test]
fn as_many_wrong_ones_are_above_the_right_one_as_its_rank_says() {
    let mut window = demo();
    let mut several = 0;
    for side in [Side::Image, Side::Text] {
        let ranks = session(&window)
            .direction(side)
            .expect("ranked")
            .ranks
            .clone();
        let mut worst: Vec<usize> = (0..ranks.len()).collect();
        worst.sort_by_key(|&i| std::cmp::Reverse(ranks[i]));
        for &i in worst.iter().take(5).chain(&worst[ranks.len() - 3..]) {
            query(&mut window, Query::Row(side, i));
            let rank = ranks[i];
            let answer = session(&window).answer().cloned().expect("answered");
            let above = answer.hits.iter().filter(|hit| answer.above(hit).is_some());
            let listed = answer.hits.len() as u32;
            assert_eq!(above.count() as u32, (rank - 1).min(listed), "{side:?} {i}");
            // Those in sight say so, each of them.
            for (place, hit) in answer.hits.iter().enumerate().take(3) {
                let said = format!("{}. ", place + 1);
                let row = window.get_all_by_role(egui::accesskit::Role::ListItem);
                let names = row.filter_map(|n| n.accesskit_node().label());
                let name = names.into_iter().find(|n| n.starts_with(&said));
                let name = name.expect("in sight");
                let above = answer.above(hit) == Some(Above::Higher);
                assert_eq!(name.contains("above the right one"), above, "{name}");
                let right = answer.positives.contains(&(hit.index as usize));
                assert_eq!(name.ends_with(", right"), right, "{name}");
            }
            several += u32::from(rank > 2);
        }
    }
    assert!(several > 2, "only {several} queries with several above");
}

#[test]
fn a_tie_counts_as_above_wherever_it_is_listed() {
    let root = tempfile::tempdir().expect("a folder");
    let images = npy(root.path(), "i.npy", 2, &[1.0, 0.0, 0.0, 1.0]);
    let texts = npy(root.path(), "t.npy", 2, &[0.8, 0.6, 0.8, 0.6]);
    let window = open(&embeddings(root.path(), images, texts));
    let answer = session(&window).answer().cloned().expect("answered");
    assert_eq!(
        (answer.query.clone(), answer.rank),
        (Query::Row(Side::Image, 0), Some(2))
    );
    assert_eq!(answer.hits[0].index, 0, "the right one is listed first");
    assert_eq!(answer.above(&answer.hits[1]), Some(Above::Tied));
    assert!(says(&window, "hardest negative, tied, counts as above"));
}

#[test]
fn a_wrong_one_with_the_text_of_a_right_one_says_so() {
    let root = tempfile::tempdir().expect("a folder");
    twins(root.path());
    let mut window = demo();
    perform(&mut window, Command::OpenPath(root.path().to_path_buf()));
    settle(&mut window);
    let [one, two] = ["one.png", "two.png"].map(|name| image_row(&window, name));
    let dataset = session(&window).dataset().cloned().expect("open");
    query(&mut window, Query::Row(Side::Image, one));
    let same = dataset.captions_of(two).start as u32;
    assert_eq!(
        session(&window).answer().expect("answered").same_text,
        [same]
    );
    let rows = window.query_all_by_label_contains("same text as a right one");
    let names: Vec<String> = rows.filter_map(|n| n.accesskit_node().label()).collect();
    assert_eq!(names.len(), 1, "{names:?}");
    assert!(names[0].contains("caption a RED circle!"), "{names:?}");
    // It counts as wrong all the same.
    assert!(!names[0].contains(", right"), "{names:?}");
    query(&mut window, Query::Row(Side::Text, same as usize));
    let names = window.query_all_by_label_contains("has the query's text");
    let names: Vec<String> = names.filter_map(|n| n.accesskit_node().label()).collect();
    assert_eq!(names.len(), 1, "{names:?}");
    assert!(names[0].contains("image one.png"), "{names:?}");
}

#[test]
fn images_are_listed_or_stand_in_a_grid_that_is_kept() {
    let folder = tempfile::tempdir().expect("a folder");
    let start = || Start {
        open: None,
        data_folder: Some(folder.path().to_path_buf()),
    };
    let mut window = boot(start(), [1440.0, 900.0]);
    perform(&mut window, Command::Query(Query::Row(Side::Image, 0)));
    settle(&mut window);
    let grid = |window: &Window| window.query_by_label("Grid").is_some();
    assert!(!grid(&window), "captions have no pictures");
    query(&mut window, Query::Row(Side::Text, 7));
    let answer = session(&window).answer().cloned().expect("answered");
    let dataset = session(&window).dataset().cloned().expect("open");
    let name = |at: usize| dataset.images[answer.hits[at].index as usize].name.clone();
    let place = |window: &Window, at: usize| {
        let said = format!("{}. image {}, score", at + 1, name(at));
        window.get_by_label_contains(&said).rect()
    };
    let [a, b] = [0, 1].map(|at| place(&window, at));
    assert!(b.top() >= a.bottom(), "rows of a list");
    window.get_by_label("Grid").click();
    settle(&mut window);
    let [a, b] = [0, 1].map(|at| place(&window, at));
    assert!(b.left() >= a.right() && b.top() == a.top(), "side by side");
    // Each says whether it is right, in words.
    for (at, hit) in answer.hits.iter().enumerate().take(6) {
        let said = format!("{}. image {}, score", at + 1, name(at));
        let said = window.get_by_label_contains(&said);
        let said = said.accesskit_node().label().expect("named");
        let right = answer.positives.contains(&(hit.index as usize));
        let words = ["hardest negative", "above the right one", "wrong"];
        assert_eq!(said.ends_with(", right"), right, "{said}");
        assert_eq!(words.iter().any(|w| said.contains(w)), !right, "{said}");
    }
    // The keys and a click as in the list.
    window.key_press_modifiers(Modifiers::ALT, egui::Key::ArrowDown);
    settle(&mut window);
    window.key_press(egui::Key::Enter);
    settle(&mut window);
    let second = Query::Row(Side::Image, answer.hits[1].index as usize);
    assert_eq!(session(&window).query(), Some(&second));
    query(&mut window, Query::Row(Side::Text, 7));
    window
        .get_by_label_contains(&format!("3. image {}", name(2)))
        .click();
    settle(&mut window);
    let third = Query::Row(Side::Image, answer.hits[2].index as usize);
    assert_eq!(session(&window).query(), Some(&third));
    std::thread::sleep(Duration::from_millis(300));
    drop(window);
    let mut window = boot(start(), [1440.0, 900.0]);
    query(&mut window, Query::Row(Side::Text, 7));
    let [a, b] = [0, 1].map(|at| place(&window, at));
    assert!(b.left() >= a.right(), "the grid is kept");
}

#[test]
fn the_picture_of_what_ranks_first_stands_beside_the_query() {
    let mut window = demo();
    let dataset = session(&window).dataset().cloned().expect("open");
    let ranks = session(&window).ranking().cloned().expect("ranked");
    // A caption whose own image is first, and one where another is.
    for right in [true, false] {
        let all = &ranks.direction(Side::Text).ranks;
        let j = all.iter().position(|&r| (r == 1) == right).expect("one");
        query(&mut window, Query::Row(Side::Text, j));
        let own = &dataset.images[dataset.image_of(j)].name;
        assert!(says(&window, &format!("Open large: {own}, its own image")));
        let first = session(&window).answer().expect("answered").hits[0].index;
        let first = &dataset.images[first as usize].name;
        assert_eq!(first == own, right);
        let what = if right { "right" } else { "wrong" };
        assert!(says(
            &window,
            &format!("Open large: {first}, first: {what}")
        ));
    }
    // An image whose first caption is another one's; and one that is right, which has no second picture.
    for right in [true, false] {
        let all = &ranks.direction(Side::Image).ranks;
        let i = all.iter().position(|&r| (r == 1) == right).expect("one");
        query(&mut window, Query::Row(Side::Image, i));
        let first = session(&window).answer().expect("answered").hits[0].index;
        let of = &dataset.images[dataset.image_of(first as usize)].name;
        let said = format!("Open large: {of}, of the first caption");
        assert_eq!(says(&window, &said), !right);
        assert_eq!(says(&window, "of the first caption"), !right);
    }
}
