//! Frames of the matrix view, with the time that each takes.

use super::*;
use egui::Key;

/// Each frame is another picture. `NEARMISS_FRAMES` says how many, for a measurement.
#[test]
fn every_frame_of_the_matrix_shows_where_it_has_moved() {
    let count = std::env::var("NEARMISS_FRAMES").ok();
    let count = count.and_then(|count| count.parse().ok()).unwrap_or(6);
    let mut window = structure::shown("Matrix");
    for _ in 0..12 {
        window.key_press(Key::Plus);
    }
    settle(&mut window);
    let mut milliseconds: Vec<f64> = Vec::new();
    let mut last = window.render().expect("drawn");
    for n in 0..count {
        // To and fro, so that there is always room.
        let left = n % 4 < 2;
        window.key_press(if left {
            Key::ArrowLeft
        } else {
            Key::ArrowRight
        });
        let start = Instant::now();
        window.step();
        let picture = window.render().expect("drawn");
        milliseconds.push(start.elapsed().as_secs_f64() * 1e3);
        assert!(picture != last, "frame {n} shows what the one before did");
        last = picture;
    }
    milliseconds.sort_by(f64::total_cmp);
    let [width, height] = [last.width(), last.height()];
    println!(
        "frames of the matrix: {count}, median {:.1} ms, longest {:.1} ms, {width} x {height} drawn and read back",
        milliseconds[milliseconds.len() / 2],
        milliseconds[milliseconds.len() - 1]
    );
}
