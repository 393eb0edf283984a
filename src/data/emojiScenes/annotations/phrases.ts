import type { Group, Scene, SceneObject } from '../scene.js';
import { type Category, categories, categoryOf, nounNamed } from '../vocabulary.js';

const numbers = ['no', 'one', 'two', 'three', 'four', 'five', 'six'];

/** The number in letters, 0 to 6. */
export const numberWord = (count: number): string => numbers[count]!;

/** With `a` or `an` before it. */
export const withArticle = (words: string): string => `${/^[aeiou]/.test(words) ? 'an' : 'a'} ${words}`;

/** With a capital first letter. */
export const capitalized = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** `a dog`, `two dogs`; with an adjective `a large dog`. */
export function counted(count: number, singular: string, plural: string, adjective = ''): string {
  const words = [adjective, count === 1 ? singular : plural].filter(Boolean).join(' ');
  return count === 1 ? withArticle(words) : `${numberWord(count)} ${words}`;
}

/** A group in words: `two dogs`, or with its size `two small dogs`. */
export function groupPhrase({ noun, size, objects }: Group, sized = false): string {
  const { name, plural } = nounNamed(noun);
  return counted(objects.length, name, plural, sized ? size : '');
}

/** The category of an object's noun. */
export const categoryOfObject = ({ noun }: SceneObject): Category => categoryOf(nounNamed(noun));

/** How many objects of each category a scene shows, in the vocabulary's order. */
export function categoryCounts({ objects }: Scene): { category: Category; count: number }[] {
  return categories
    .map((category) => ({
      category,
      count: objects.filter((object) => categoryOfObject(object).name === category.name).length,
    }))
    .filter(({ count }) => count > 0);
}
