//! The logistic loss in logarithms, which goes on where the loss itself is below what float64 can say.

/// From here on `log(1 + e^-m)` is `e^-m`, and its logarithm `-m`, to the last bit of float64.
const FAR: f64 = 37.0;

/// The mean logistic loss of rows by their margins: its logarithm, and what each row weighs in its gradient.
#[derive(Debug, Clone)]
pub(super) struct LogLoss {
    /// log of `mean log(1 + e^-m)`.
    pub log: f64,
    /// `-d log L / d m_i`: each row's part of the gradient, over the loss.
    pub weights: Vec<f64>,
    logs: Vec<f64>,
}

impl LogLoss {
    /// Of `count` rows, at margins of 0.
    pub fn new(count: usize) -> Self {
        let mut loss = Self {
            log: 0.0,
            weights: vec![0.0; count],
            logs: vec![0.0; count],
        };
        loss.set(&vec![0.0; count]);
        loss
    }

    /// Takes the loss at `margins`.
    pub fn set(&mut self, margins: &[f64]) {
        let mut most = f64::NEG_INFINITY;
        let all = self.logs.iter_mut().zip(&mut self.weights);
        for ((log, weight), &margin) in all.zip(margins) {
            (*log, *weight) = logs(margin);
            most = most.max(*log);
        }
        let sum: f64 = self.logs.iter().map(|log| (log - most).exp()).sum();
        let total = most + sum.ln();
        for weight in &mut self.weights {
            *weight = (*weight - total).exp();
        }
        self.log = total - (margins.len() as f64).ln();
    }
}

/// The logarithms of `log(1 + e^-m)` and of `1 / (1 + e^m)`.
fn logs(margin: f64) -> (f64, f64) {
    if margin > FAR {
        (-margin, -margin)
    } else if margin >= 0.0 {
        let loss = (-margin).exp().ln_1p();
        (loss.ln(), -margin - loss)
    } else {
        let rest = margin.exp().ln_1p();
        ((rest - margin).ln(), -rest)
    }
}

/// `log(1 + e^-m)`.
pub(super) fn logistic(margin: f64) -> f64 {
    if margin >= 0.0 {
        (-margin).exp().ln_1p()
    } else {
        margin.exp().ln_1p() - margin
    }
}

/// `1 / (1 + e^m)`: minus the slope of [`logistic`].
pub(super) fn slope(margin: f64) -> f64 {
    if margin >= 0.0 {
        let e = (-margin).exp();
        e / (1.0 + e)
    } else {
        1.0 / (1.0 + margin.exp())
    }
}
