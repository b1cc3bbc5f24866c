//! Tables, plots, figures and pictures taken out of the window.

use super::drive::{choose, copied, copied_text};
use super::*;
use egui::{Modifiers, OutputCommand};
use nearmiss::compute::Measure;
use nearmiss::desktop::core::{Command, SetsCommand, Sort};
use resvg::usvg::roxmltree;

const PLOT: &str = "Plot of ranks of the right one (I→T)";

fn structure(page: &str) -> Window {
    let mut window = demo();
    click(&mut window, "Structure");
    click(&mut window, page);
    assert_eq!(errors(&window), Vec::<String>::new());
    window
}

/// The pairs of concepts as the table has them at first: the most mistakes first.
fn pairs(window: &Window) -> Vec<[String; 4]> {
    let found = structure_of(window)
        .found
        .get(now(window))
        .cloned()
        .unwrap();
    let confusion = &found.i2t.confusion;
    let name = |id: u32| confusion.names[id as usize].clone();
    let mut pairs: Vec<(usize, [String; 4])> = confusion
        .pairs
        .iter()
        .map(|p| {
            let lift = format!("{:.1}", p.lift);
            let cells = [name(p.lost), name(p.gained), p.count.to_string(), lift];
            (p.count, cells)
        })
        .collect();
    pairs.sort_by(|a, b| b.0.cmp(&a.0).then(a.1[..2].cmp(&b.1[..2])));
    pairs.into_iter().map(|(_, cells)| cells).collect()
}

/// What a row of the table is called.
fn row(pair: &[String; 4]) -> String {
    let [lost, gained, count, _] = pair;
    format!("{lost} taken for {gained}: {count} mistakes, lift")
}

#[test]
fn a_table_is_copied_as_its_rows_say() {
    let mut window = structure("Concepts");
    let pairs = pairs(&window);
    assert!(pairs.len() > 3, "{}", pairs.len());
    let first = row(&pairs[0]);
    let entry = "Copy the whole table as tab-separated values";
    let tsv = copied_text(&mut window, &first, entry);
    let lines: Vec<Vec<&str>> = tsv.lines().map(|line| line.split('\t').collect()).collect();
    assert_eq!(
        lines[0],
        ["Right one has", "Winner has", "Mistakes", "Lift"]
    );
    assert_eq!(lines.len(), pairs.len() + 1);
    for (line, pair) in lines[1..].iter().zip(&pairs) {
        assert_eq!(line, pair);
    }
    let markdown = copied_text(&mut window, &first, "Copy the row as Markdown");
    let said = pairs[0].join(" | ");
    let head = "| Right one has | Winner has | Mistakes | Lift |";
    assert_eq!(
        markdown,
        format!("{head}\n| --- | --- | ---: | ---: |\n| {said} |\n")
    );
}

#[test]
fn rows_are_chosen_with_shift_and_ctrl_and_copied_together() {
    let mut window = structure("Concepts");
    let pairs = pairs(&window);
    let row = |at: usize| row(&pairs[at]);
    for (at, keys) in [
        (0, Modifiers::NONE),
        (2, Modifiers::SHIFT),
        (1, Modifiers::COMMAND),
        (4, Modifiers::COMMAND),
    ] {
        let name = row(at);
        let node = window.get_all_by_label_contains(&name).next().unwrap();
        node.click_modifiers(keys);
        settle(&mut window);
    }
    // By keys, then by the menu.
    window.event(egui::Event::Copy);
    let commands = copied(&mut window);
    let tsv = copied_text(&mut window, &row(2), "Copy 3 rows as tab-separated values");
    let said: Vec<String> = tsv.lines().skip(1).map(str::to_owned).collect();
    let wanted: Vec<String> = [0, 2, 4].map(|at| pairs[at].join("\t")).into();
    assert_eq!(said, wanted);
    assert_eq!(commands, [OutputCommand::CopyText(tsv)]);
}

#[test]
fn sort_and_widths_of_a_table_come_back() {
    let root = tempfile::tempdir().unwrap();
    let start = || Start {
        open: None,
        data_folder: Some(root.path().to_path_buf()),
    };
    let mut window = boot(start(), [1440.0, 900.0]);
    click(&mut window, "Structure");
    click(&mut window, "Concepts");
    click(&mut window, "Sort by Lift");
    let width = |window: &Window| {
        let head = window.get_all_by_label_contains("Sort by Right one has");
        head.map(|node| node.rect()).next().unwrap()
    };
    let before = width(&window);
    let edge = before.right_center();
    window.hover_at(edge);
    window.step();
    window.drag_at(edge);
    window.step();
    window.hover_at(edge + egui::vec2(30.0, 0.0));
    window.step();
    window.hover_at(edge + egui::vec2(60.0, 0.0));
    window.step();
    window.drop_at(edge + egui::vec2(60.0, 0.0));
    settle(&mut window);
    let after = width(&window);
    assert!(
        (after.width() - before.width() - 60.0).abs() < 4.0,
        "{before} {after}"
    );
    std::thread::sleep(Duration::from_millis(300));
    drop(window);
    let mut window = boot(start(), [1440.0, 900.0]);
    click(&mut window, "Structure");
    click(&mut window, "Concepts");
    assert!(says(&window, "Sort by Lift, falling"));
    assert!((width(&window).width() - after.width()).abs() < 2.0);
}

#[test]
fn bars_between_cells_of_markdown_are_escaped() {
    let root = tempfile::tempdir().unwrap();
    for (name, text) in [("one", "A cat | a mat"), ("two", "A dog")] {
        png(root.path(), &format!("{name}.png"));
        write(root.path(), &format!("{name}.txt"), text.as_bytes());
    }
    let mut window = demo();
    drop_file(&mut window, root.path().to_path_buf());
    perform(&mut window, Command::SetSide(Side::Text));
    settle(&mut window);
    let entry = "Copy the whole table as Markdown";
    let markdown = copied_text(&mut window, "Caption A cat | a mat", entry);
    let lines: Vec<&str> = markdown.lines().collect();
    assert_eq!(
        lines[..2],
        ["| Caption | Rank | Margin |", "| --- | ---: | ---: |"]
    );
    assert!(lines[2].starts_with("| A cat \\| a mat | "), "{}", lines[2]);
    assert_eq!(lines.len(), 4);
}

#[test]
fn a_plot_is_copied_as_points_svg_and_picture() {
    let mut window = demo();
    let text = copied_text(&mut window, PLOT, "Copy as CSV of its points");
    let mut csv = csv::Reader::from_reader(text.as_bytes());
    let head: Vec<String> = csv.headers().unwrap().iter().map(str::to_owned).collect();
    assert_eq!(head, ["series", "rank", "rank to", "queries (%)"]);
    let lines: Vec<csv::StringRecord> = csv.records().map(Result::unwrap).collect();
    let of = |name: &str| -> Vec<&csv::StringRecord> {
        lines.iter().filter(|line| &line[0] == name).collect()
    };
    let (bars, curve) = (of("queries by rank"), of("recall at k"));
    assert_eq!(bars.len() + curve.len(), lines.len());
    // The points are what the ranks say.
    let ranks = session(&window)
        .direction(Side::Image)
        .unwrap()
        .ranks
        .clone();
    let share = |within: &dyn Fn(f64) -> bool| {
        let inside = ranks
            .iter()
            .filter(|&&rank| within(f64::from(rank)))
            .count();
        100.0 * inside as f64 / ranks.len() as f64
    };
    let number = |line: &csv::StringRecord, at: usize| line[at].parse::<f64>().unwrap();
    for line in &curve {
        let k = number(line, 1);
        assert!(
            (number(line, 3) - share(&|rank| rank <= k)).abs() < 1e-9,
            "at {k}"
        );
    }
    let mut sum = 0.0;
    for line in &bars {
        let (from, to) = (number(line, 1), number(line, 2));
        let wanted = share(&|rank| rank >= from && rank < to);
        assert!((number(line, 3) - wanted).abs() < 1e-9, "{from} to {to}");
        assert!((to - 2.0 * from).abs() < 1e-9, "each bar is an octave");
        sum += number(line, 3);
    }
    assert!((sum - 100.0).abs() < 1e-6);

    let text = copied_text(&mut window, PLOT, "Copy as SVG");
    let svg = roxmltree::Document::parse(&text).expect("XML");
    let of_class = |class: &str| -> Vec<roxmltree::Node<'_, '_>> {
        let all = svg.descendants();
        all.filter(|n| n.attribute("class") == Some(class))
            .collect()
    };
    assert_eq!(of_class("bar").len(), bars.len());
    let steps = of_class("steps")[0].attribute("d").unwrap();
    assert_eq!(steps.matches('V').count(), curve.len());
    let side = |name: &str| -> f32 { svg.root_element().attribute(name).unwrap().parse().unwrap() };
    let size = [side("width"), side("height")].map(|side| (2.0 * side) as usize);

    choose(&mut window, PLOT, "Copy as PNG at double size");
    let commands = copied(&mut window);
    let [OutputCommand::CopyImage(image)] = &commands[..] else {
        panic!("a picture: {}", commands.len())
    };
    assert_eq!(image.size, size);
    // Bars, words and ground are in it, each in its colour.
    let good = nearmiss::desktop::shell::theme::DARK.good;
    let count = |colour| image.pixels.iter().filter(|&&p| p == colour).count();
    let area = image.pixels.len();
    assert!(count(good) > 50, "{}", count(good));
    assert!(count(nearmiss::desktop::shell::theme::DARK.base) > area / 3);
    let inks: std::collections::BTreeSet<[u8; 4]> =
        image.pixels.iter().map(egui::Color32::to_array).collect();
    assert!(inks.len() > 40, "words are drawn: {} colours", inks.len());
}

#[test]
fn a_figure_is_copied_with_what_it_is_and_a_picture_as_its_file_has_it() {
    let mut window = demo();
    let r1 = session(&window).evaluation().unwrap().report.i2t.r1;
    let card = format!("I→T R@1 {r1:.1}");
    let text = copied_text(&mut window, &card, "Copy the figure with what it is");
    assert!(
        text.starts_with("I→T R@1 (full, by cosine,")
            && text.contains(&format!("): {r1:.1}. Per cent of the queries")),
        "{text}"
    );
    let text = copied_text(&mut window, &card, "Copy the number");
    assert_eq!(text, format!("{r1:.1}"));
    let dataset = session(&window).dataset().cloned().unwrap();
    choose(&mut window, "Image scenes/003.png", "Copy the picture");
    let commands = copied(&mut window);
    let [OutputCommand::CopyImage(image)] = &commands[..] else {
        panic!("a picture: {}", commands.len())
    };
    let picture = dataset.images[3].open().unwrap();
    assert_eq!(
        image.size,
        [picture.width as usize, picture.height as usize]
    );
    let rgb: Vec<u8> = image
        .pixels
        .iter()
        .flat_map(|p| [p.r(), p.g(), p.b()])
        .collect();
    assert_eq!(rgb, picture.rgb);
}

#[test]
fn chosen_rows_are_forgotten_when_other_rows_lie_in_their_places() {
    let mut window = demo();
    perform(&mut window, Command::SetSort(Sort::Rank));
    settle(&mut window);
    let two = |window: &mut Window| {
        for (at, keys) in [(1, Modifiers::NONE), (3, Modifiers::COMMAND)] {
            let row = session(window).browser.rows[at] as usize;
            let name = session(window).dataset().unwrap().images[row].name.clone();
            let name = format!("Image {name}, rank");
            let node = window.get_all_by_label_contains(&name).next();
            node.expect("in sight").click_modifiers(keys);
            window.step();
            settle(window);
        }
    };
    let offered = |window: &mut Window| {
        let row = session(window).browser.rows[1] as usize;
        let name = session(window).dataset().unwrap().images[row].name.clone();
        let name = format!("Image {name}, rank");
        let node = window.get_all_by_label_contains(&name).next();
        node.expect("in sight").click_secondary();
        for _ in 0..4 {
            window.step();
        }
        let several = says(window, "Mark 2 images");
        window.key_press(egui::Key::Escape);
        settle(window);
        several
    };
    two(&mut window);
    assert!(offered(&mut window));
    // As many images, ranked anew in another order.
    perform(&mut window, Command::SetSort(Sort::Margin));
    settle(&mut window);
    assert!(!offered(&mut window));
    two(&mut window);
    assert!(offered(&mut window));
    perform(&mut window, Command::SetSimilarity(Measure::Dot));
    settle(&mut window);
    assert!(
        !offered(&mut window),
        "what is ranked by another measure is another list"
    );
}

#[test]
fn images_are_chosen_together_and_marked() {
    let mut window = demo();
    for (image, keys) in [("001", Modifiers::NONE), ("003", Modifiers::SHIFT)] {
        let name = format!("Image scenes/{image}.png");
        let node = window.get_all_by_label_contains(&name).next().unwrap();
        node.click_modifiers(keys);
        settle(&mut window);
    }
    choose(&mut window, "Image scenes/002.png", "Mark 3 images");
    settle(&mut window);
    assert_eq!(session(&window).sets.marked, [1, 2, 3].into());
    perform(&mut window, Command::Sets(SetsCommand::Clear));
    let tsv = copied_text(
        &mut window,
        "Image scenes/002.png",
        "Copy 3 rows as tab-separated values",
    );
    let direction = session(&window).direction(Side::Image).unwrap();
    let line = |i: usize| {
        let margin = format!("{:.3}", direction.margin(i));
        format!("scenes/00{i}.png\t{}\t{margin}", direction.ranks[i])
    };
    let said: Vec<String> = tsv.lines().skip(1).map(str::to_owned).collect();
    assert_eq!(said, [1, 2, 3].map(line));
}

#[test]
fn a_picture_that_the_program_made_is_copied_as_it_is_seen() {
    let mut window = demo();
    click(&mut window, "Attack");
    settle(&mut window);
    let rect = window.get_by_label("original picture").rect();
    choose(
        &mut window,
        "original picture",
        "Copy the picture as it is seen",
    );
    let commands = copied(&mut window);
    let [OutputCommand::CopyImage(image)] = &commands[..] else {
        panic!("a picture: {}", commands.len())
    };
    let [width, height] = image.size;
    assert!(width > 40 && height > 40, "{width} x {height}");
    assert!(width as f32 <= rect.width() + 2.0 && height as f32 <= rect.height() + 2.0);
    let first = image.pixels[0];
    assert!(
        image.pixels.iter().any(|p| *p != first),
        "something is seen"
    );
}
