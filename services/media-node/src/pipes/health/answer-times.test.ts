import { expect, it } from 'vitest';
import { AnswerTimes } from './answer-times.ts';

const MAX_MS = 1000;

function answering(tookMs: number): AnswerTimes {
  const times = new AnswerTimes(MAX_MS);
  for (let count = 0; count < 10; count++) times.answered('there', tookMs);
  return times;
}

it('an unknown node has the longest deadline', () => {
  expect(new AnswerTimes(MAX_MS).deadlineMs('there')).toBe(MAX_MS);
});

it('a deadline is the margin and twice the usual time, at most the longest', () => {
  expect(answering(5).deadlineMs('there')).toBe(210);
  expect(answering(200).deadlineMs('there')).toBe(600);
  expect(answering(800).deadlineMs('there')).toBe(MAX_MS);
});

it('one late answer hardly changes the usual time', () => {
  const times = answering(5);
  times.answered('there', 105);
  expect(times.usualMs('there')).toBe(30);
});

it('some missed answers change nothing; after many the line may have become slow', () => {
  const times = answering(5);
  for (let count = 0; count < 9; count++) times.missed('there');
  expect(times.deadlineMs('there')).toBe(210);
  times.missed('there');
  expect([times.deadlineMs('there'), times.usualMs('there')]).toEqual([MAX_MS, 0]);
  times.answered('there', 300);
  expect(times.usualMs('there')).toBe(300);
});

it('nodes that are not probed any more are forgotten', () => {
  const times = answering(5);
  times.keepOnly(new Set(['other']));
  expect(times.deadlineMs('there')).toBe(MAX_MS);
});
