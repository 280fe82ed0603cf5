//! Inputs that are nearly right: a seed with a few random changes. The same number always gives
//! the same inputs.

/// Bytes at which readers take another branch.
const EDGES: [u8; 12] = [
    0, 1, 0x7f, 0x80, 0xff, b'"', b'%', b'&', b'\\', b'\n', b'<', b'{',
];
/// Changes of one input at the most.
const CHANGES_MAX: u64 = 6;

/// Makes inputs.
#[derive(Debug, Clone)]
pub struct Mutator {
    state: u64,
}

impl Mutator {
    /// A sequence of its own for every `seed`.
    pub fn new(seed: u64) -> Self {
        Self {
            state: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1,
        }
    }

    fn next(&mut self) -> u64 {
        // xorshift64*
        self.state ^= self.state >> 12;
        self.state ^= self.state << 25;
        self.state ^= self.state >> 27;
        self.state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 8
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit.max(1) as u64) as usize
    }

    /// One of `seeds`, changed, at most `bytes_max` long. `words` are put in now and then.
    pub fn input(&mut self, seeds: &[Vec<u8>], words: &[&str], bytes_max: usize) -> Vec<u8> {
        let mut input = match seeds.is_empty() {
            true => Vec::new(),
            false => seeds[self.below(seeds.len())].clone(),
        };
        for _ in 0..=self.next() % CHANGES_MAX {
            self.change(&mut input, seeds, words);
        }
        input.truncate(bytes_max);
        input
    }

    fn change(&mut self, input: &mut Vec<u8>, seeds: &[Vec<u8>], words: &[&str]) {
        let at = self.below(input.len() + 1);
        let length = self.below(8) + 1;
        let end = (at + length).min(input.len());
        match self.next() % 9 {
            0 if at < input.len() => input[at] ^= 1 << self.below(8),
            1 if at < input.len() => input[at] = EDGES[self.below(EDGES.len())],
            2 => drop(input.drain(at..end)),
            3 => {
                let bytes: Vec<u8> = (0..length).map(|_| self.next() as u8).collect();
                drop(input.splice(at..at, bytes));
            }
            4 if !words.is_empty() => {
                let word = words[self.below(words.len())].bytes();
                drop(input.splice(at..at, word));
            }
            5 => {
                let copy = input[at..end].repeat(self.below(4) + 1);
                let to = self.below(input.len() + 1);
                drop(input.splice(to..to, copy));
            }
            6 if !seeds.is_empty() => {
                let other = &seeds[self.below(seeds.len())];
                let from = self.below(other.len() + 1);
                input.truncate(at);
                input.extend_from_slice(&other[from..]);
            }
            7 => input.truncate(at),
            _ => {
                let number = self.next().to_string();
                let digits = input[at..end]
                    .iter()
                    .take_while(|it| it.is_ascii_digit())
                    .count();
                drop(input.splice(at..at + digits, number.into_bytes()));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inputs_differ_repeat_and_keep_their_bound() {
        let seeds = [b"a=1&b=22".to_vec(), b"{\"x\": [1, 2]}".to_vec()];
        let make = |seed| -> Vec<Vec<u8>> {
            let mut mutator = Mutator::new(seed);
            (0..200)
                .map(|_| mutator.input(&seeds, &["word"], 40))
                .collect()
        };
        assert_eq!(make(1), make(1));
        assert_ne!(make(1), make(2));
        let distinct: std::collections::BTreeSet<_> = make(1).into_iter().collect();
        assert!(distinct.len() > 150, "{}", distinct.len());
        assert!(distinct.iter().all(|it| it.len() <= 40));
        assert!(Mutator::new(1).input(&[], &[], 9).len() <= 9);
    }
}
