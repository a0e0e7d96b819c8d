import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { z } from 'zod'
import { Fault } from '@jackdaw/contract/faults.ts'
import { RecipeName, RecipeStep } from '@jackdaw/contract/nouns/recipe.ts'
import { asking } from './asking.ts'
import { plain, table } from './format.ts'
import type { CommonOptions, Host, Terminal } from './host.ts'
import { type MediaOptions, jobOptionsOf, recipeOf } from './media-options.ts'
import { paintFor } from './report.ts'
import { parseStep, stepText } from './step-text.ts'
import { destinationsOf, sizeOf } from './wishes.ts'

type Json = CommonOptions & { readonly json?: boolean }

export async function listRecipes(options: Json, host: Host): Promise<number> {
  return asking(options, host, async (client, say) => {
    const recipes = await client.recipes.list()
    if (options.json) return recipes.forEach((recipe) => say(JSON.stringify(recipe)))
    const rows = recipes.map(({ name, title, steps, isBuiltin }) => [
      name,
      isBuiltin ? 'house' : 'yours',
      plain(title) || steps.map(({ use }) => plain(use)).join(', '),
    ])
    for (const line of table(rows, host.terminal.stdout.columns ?? 0)) say(line)
  })
}

export async function showRecipe(name: string, options: Json, host: Host): Promise<number> {
  return asking(options, host, async (client, say) => {
    const { title, steps, isBuiltin } = await client.recipes.get({ name: nameOf(name) })
    if (options.json) return say(JSON.stringify({ title, steps }, undefined, 2))
    say(`${plain(title) || name}${isBuiltin ? '  (comes with the house)' : ''}`)
    if (steps.length === 0) say('  no steps of its own')
    for (const step of steps) say(`  ${plain(stepText(step))}`)
  })
}

export async function saveRecipe(
  name: string,
  file: string | undefined,
  options: Json & { title?: string; step?: readonly string[] },
  host: Host,
): Promise<number> {
  if ((file === undefined) === (options.step === undefined))
    throw invalid("give the steps either as a file or as --step 'NAME key=value …'")
  const given =
    file === undefined ? { steps: (options.step ?? []).map(parseStep) } : await readRecipe(file, host.terminal)
  const recipe = { ...given, ...(options.title === undefined ? {} : { title: options.title }), name: nameOf(name) }
  return asking(options, host, async (client, say) => {
    const saved = await client.recipes.save(recipe)
    say(options.json ? JSON.stringify(saved) : `${saved.name}  saved  ${saved.steps.map(({ use }) => use).join(', ')}`)
  })
}

export async function removeRecipes(names: readonly string[], options: Json, host: Host): Promise<number> {
  const all = names.map(nameOf)
  return asking(options, host, async (client, say) => {
    for (const name of all) say(`${(await client.recipes.remove({ name })).name}  removed`)
  })
}

export async function previewRecipe(
  name: string | undefined,
  options: Json & MediaOptions & { out?: string; to?: readonly string[]; type?: string; maxSize?: string },
  host: Host,
): Promise<number> {
  const { recipe: named, ...typed } = options
  if (name !== undefined && named !== undefined) throw invalid('--recipe: the recipe is named already')
  const recipe = name === undefined ? recipeOf(named) : nameOf(name)
  const job = {
    ...(recipe === undefined ? {} : { recipe }),
    ...(options.type === undefined ? {} : { type: options.type }),
    destinations: destinationsOf(options, host.terminal),
    options: {
      ...jobOptionsOf(typed),
      ...(options.maxSize === undefined ? {} : { maxBytes: sizeOf(options.maxSize, '--max-size') }),
    },
  }
  return asking(options, host, async (client, say) => {
    const steps = await client.recipes.preview(job)
    if (options.json) return steps.forEach((step) => say(JSON.stringify(step)))
    const paint = paintFor(host.terminal)
    for (const [index, { kind, engine, says, optional, available }] of steps.entries()) {
      const remarks = [
        ...(optional ? [paint.dim('(goes on without it when it fails)')] : []),
        ...(available ? [] : [paint.red(`cannot be done here: see "jackdaw engines ${plain(engine)}"`)]),
      ]
      say([`${String(index + 1).padStart(2)}  ${kind.padEnd(7)}  ${plain(says)}`, ...remarks].join('  '))
    }
  })
}

/** A recipe as `recipes show --json` prints it, or only its steps. */
const Written = z.union([
  z.object({ title: z.string().max(200).optional(), steps: z.array(RecipeStep).min(1).max(30) }),
  z.array(RecipeStep).min(1).max(30),
])

async function readRecipe(path: string, terminal: Terminal): Promise<{ title?: string; steps: RecipeStep[] }> {
  const written = await readText(path, terminal)
  let value: unknown
  try {
    value = JSON.parse(written)
  } catch (error) {
    throw invalid(`${path}: it is not JSON (${error instanceof Error ? error.message : 'unreadable'})`)
  }
  const parsed = Written.safeParse(value)
  if (!parsed.success) {
    const [issue] = Array.isArray(value)
      ? (Written.options[1].safeParse(value).error?.issues ?? [])
      : (Written.options[0].safeParse(value).error?.issues ?? [])
    throw invalid(`${path}: ${[issue?.path.join('.'), issue?.message].filter(Boolean).join(': ')}`)
  }
  if (Array.isArray(parsed.data)) return { steps: parsed.data }
  const { title, steps } = parsed.data
  return { steps, ...(title === undefined ? {} : { title }) }
}

async function readText(path: string, terminal: Terminal): Promise<string> {
  if (path === '-') return text(terminal.stdin)
  try {
    return await readFile(resolve(terminal.cwd, path), 'utf8')
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unreadable'
    throw new Fault('input.invalid', { reason: `cannot read ${path} (${code})` }, { cause: error })
  }
}

function nameOf(name: string): string {
  const parsed = RecipeName.safeParse(name)
  if (!parsed.success) throw invalid(`a recipe is named with small letters, digits and dashes, not "${name}"`)
  return parsed.data
}

const invalid = (reason: string) => new Fault('input.invalid', { reason })
