//! The bounded queue between a backend and a receiver.

use std::collections::VecDeque;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

use super::{Notification, NotificationSink};

#[derive(Debug)]
struct Queue {
    state: Mutex<State>,
    arrived: Condvar,
    capacity: usize,
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<Notification>,
    dropped: u64,
    waker: Option<std::task::Waker>,
}

/// The sending end: holds the queue only as long as its receiver lives.
#[derive(Debug)]
struct QueueSink(Weak<Queue>);

impl NotificationSink for QueueSink {
    fn notify(&self, notification: &Notification) {
        let Some(queue) = self.0.upgrade() else { return };
        let mut state = queue.state.lock();
        if state.waiting.len() >= queue.capacity {
            state.dropped += 1;
            return;
        }
        state.waiting.push_back(notification.clone());
        let waker = state.waker.take();
        drop(state);
        queue.arrived.notify_one();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    fn is_closed(&self) -> bool {
        self.0.strong_count() == 0
    }
}

/// Receives notifications in the order in which they happened.
///
/// It holds as many as it was made for; what comes while it is full is dropped and counted
/// ([`take_dropped`](Receiver::take_dropped)). Dropping the receiver ends the subscription.
#[derive(Debug)]
pub struct Receiver(Arc<Queue>);

/// A queue for up to `capacity` notifications (at least one): the sink for a backend, and the receiver.
pub fn channel(capacity: usize) -> (Arc<dyn NotificationSink>, Receiver) {
    let queue =
        Arc::new(Queue { state: Mutex::default(), arrived: Condvar::new(), capacity: capacity.max(1) });
    (Arc::new(QueueSink(Arc::downgrade(&queue))), Receiver(queue))
}

impl Receiver {
    /// The next notification, if one waits.
    pub fn try_recv(&self) -> Option<Notification> {
        self.0.state.lock().waiting.pop_front()
    }

    /// The next notification; `None` if none comes within `timeout`.
    pub fn recv_timeout(&self, timeout: Duration) -> Option<Notification> {
        let deadline = Instant::now().checked_add(timeout);
        let mut state = self.0.state.lock();
        loop {
            if let Some(notification) = state.waiting.pop_front() {
                return Some(notification);
            }
            match deadline {
                None => self.0.arrived.wait(&mut state),
                Some(at) if self.0.arrived.wait_until(&mut state, at).timed_out() => {
                    return state.waiting.pop_front();
                }
                Some(_) => {}
            }
        }
    }

    /// The next notification for async code: registers the task to be woken when none waits.
    pub fn poll_recv(&self, cx: &mut std::task::Context<'_>) -> std::task::Poll<Notification> {
        let mut state = self.0.state.lock();
        match state.waiting.pop_front() {
            Some(notification) => std::task::Poll::Ready(notification),
            None => {
                state.waker = Some(cx.waker().clone());
                std::task::Poll::Pending
            }
        }
    }

    /// The next notification for async code, with any runtime.
    pub async fn recv(&self) -> Notification {
        std::future::poll_fn(|cx| self.poll_recv(cx)).await
    }

    /// How many were dropped since the last call because the queue was full.
    pub fn take_dropped(&self) -> u64 {
        std::mem::take(&mut self.0.state.lock().dropped)
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.0.state.lock().waiting.len()
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
